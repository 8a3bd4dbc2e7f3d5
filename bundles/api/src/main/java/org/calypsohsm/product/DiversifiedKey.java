package org.calypsohsm.product;

import org.calypsohsm.key.KeyValue;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A key diversified for one card or SAM, and what a SAM does with it. Immutable, and safe for many threads until
 * {@link #destroy()}. Source: security-profiles.md.
 *
 * <p>An argument of another length or range than its Javadoc says is an {@link IllegalArgumentException}, null a
 * {@link NullPointerException}, and a call after {@link #destroy()} an {@link IllegalStateException}. No argument is kept or
 * changed, and neither a message nor {@link #toString()} holds bytes of a key.
 */
@ConsumerType
public interface DiversifiedKey {

    /**
     * Starts the digest of a secure session, which does not need this key any more.
     *
     * @param samChallenge 4 bytes in regular mode, 8 bytes in extended mode; not kept
     * @param extended     true for extended mode
     * @return the digest, to which the data of Digest Init is the first thing given
     * @throws UnsupportedOperationException if this key has no extended mode
     */
    SessionDigest openSession(byte[] samChallenge, boolean extended);

    /**
     * Ciphers a PIN for presentation.
     *
     * @param cardChallenge 8 bytes
     * @param pin           4 bytes
     * @return 8 bytes
     */
    byte[] cipherPin(byte[] cardChallenge, byte[] pin);

    /**
     * Ciphers a new PIN.
     *
     * @param cardChallenge 8 bytes
     * @param currentPin    4 bytes
     * @param newPin        4 bytes
     * @return 16 bytes
     */
    byte[] cipherNewPin(byte[] cardChallenge, byte[] currentPin, byte[] newPin);

    /**
     * Ciphers a key for loading into a card under this key.
     *
     * @param cardChallenge 8 bytes
     * @param newKey        the key to load, made by the same plugin for the same ALG code
     * @param kif           KIF of the key to load, 0..FF
     * @param kvc           KVC of the key to load, 0..FF
     * @return 32 bytes
     * @throws IllegalArgumentException if the key to load comes from another plugin or ALG code
     */
    byte[] cipherCardKey(byte[] cardChallenge, DiversifiedKey newKey, int kif, int kvc);

    /**
     * Computes the terminal's half of a stored value operation (signatureHi).
     *
     * @param operation         data field of SV Prepare
     * @param samChallenge      3 bytes
     * @param transactionNumber 3 bytes, the SAM's transaction number
     * @param samSerialNumber   4 bytes
     * @return 5 bytes; 10 bytes for an algorithm with extended mode
     */
    byte[] storedValueTerminalMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber);

    /**
     * Computes what the card answers to a stored value operation (signatureLo), to compare with it.
     *
     * @param operation         data field of SV Prepare
     * @param samChallenge      3 bytes
     * @param transactionNumber 3 bytes, the SAM's transaction number
     * @param samSerialNumber   4 bytes
     * @param terminalMac       what {@link #storedValueTerminalMac} gave
     * @return 3 bytes; 6 bytes for an algorithm with extended mode
     */
    byte[] storedValueCardMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber,
            byte[] terminalMac);

    /**
     * Signs data (Data Cipher in signing mode, PSO Compute Signature).
     *
     * @param data   the data
     * @param length 1 to 8
     * @return the leading bytes of the signature, as many as asked for
     */
    byte[] sign(byte[] data, int length);

    /**
     * Seals a record for transfer to a SAM, under this system key.
     *
     * @param targetChallenge 8 bytes
     * @param record          29 bytes
     * @param p2              reference of the target, 0..FF
     * @return 48 bytes
     * @throws UnsupportedOperationException if this key has no {@link SecurityPlugin.Function#TRANSFER}
     */
    byte[] sealTransfer(byte[] targetChallenge, byte[] record, int p2);

    /**
     * Opens a record that came by transfer, under this system key.
     *
     * @param targetChallenge 8 bytes
     * @param block           48 bytes
     * @return the record and its reference
     * @throws TransferException             if the block is not one that was sealed with this key and challenge
     * @throws UnsupportedOperationException if this key has no {@link SecurityPlugin.Function#TRANSFER}
     */
    TransferredRecord openTransfer(byte[] targetChallenge, byte[] block) throws TransferException;

    /**
     * Signs data read from the SAM, under this authentication key.
     *
     * @param challenge  8 bytes, the last Give Random
     * @param signedPart the answer behind its signature
     * @return 8 bytes
     */
    byte[] signRead(byte[] challenge, byte[] signedPart);

    /**
     * Gives the diversified key itself, for transfer to another SAM in a sealed record, and for nothing else.
     *
     * @return the secret value
     */
    KeyValue revealKey();

    /** Overwrites the key with zeros. Nothing may be called on it afterwards. */
    void destroy();
}
