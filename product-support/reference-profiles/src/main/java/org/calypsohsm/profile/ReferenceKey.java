package org.calypsohsm.profile;

import org.calypsohsm.product.DiversifiedKey;

/** A diversified key with the card's side as well. */
public interface ReferenceKey extends DiversifiedKey {

    @Override
    ReferenceSession openSession(byte[] samChallenge, boolean extended);

    /**
     * Card side: deciphers a presented PIN.
     *
     * @param cardChallenge 8 bytes
     * @param cryptogram    8 bytes
     * @return the PIN, 4 bytes; null if the cryptogram was not made with this key and challenge
     */
    byte[] decipherPin(byte[] cardChallenge, byte[] cryptogram);

    /**
     * Card side: deciphers a new PIN.
     *
     * @param cardChallenge 8 bytes
     * @param cryptogram    16 bytes
     * @return new PIN and current PIN, 4 + 4 bytes; null if the cryptogram was not made with this key and challenge
     */
    byte[] decipherNewPin(byte[] cardChallenge, byte[] cryptogram);

    /**
     * Card side: deciphers a key to load. Source: security-profiles.md, "Card key loading".
     *
     * @param cardChallenge 8 bytes
     * @param cryptogram    32 bytes
     * @param kif           KIF that the checksum covers, 0..FF; the AES profile needs it, the others ignore it since their
     *                      cryptogram holds it
     * @param kvc           KVC likewise, 0..FF
     * @return the diversified key, 16 bytes, to overwrite after use; null if the checksum is wrong
     */
    byte[] decipherCardKey(byte[] cardChallenge, byte[] cryptogram, int kif, int kvc);
}
