package ${package};

import java.util.Arrays;
import java.util.Objects;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.Mac;
import org.bouncycastle.crypto.engines.DESedeEngine;
import org.bouncycastle.crypto.macs.CBCBlockCipherMac;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.paddings.ISO7816d4Padding;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferredRecord;

/**
 * A key of one ${product} card, and the algorithm. Threads share a key, so each call makes the ciphers that it needs.
 *
 * <p>PUT THE FIELD ALGORITHM HERE, and the digest of a session into {@link ${className}Session}. What stands here now is a
 * placeholder of the same shape: Triple DES with two keys, and CBC-MAC with padding method 2 (ISO/IEC 9797-1 algorithm 1), as the
 * profile TDES_CBC in the platform's security-profiles.md describes it.
 */
final class ${className}Key implements DiversifiedKey {

    static final int BLOCK = 8;

    private static final int CHALLENGE = 8;
    private static final int REGULAR_CHALLENGE = 4;
    private static final int PIN = 4;
    private static final int NEW_PIN = 16;
    private static final int CARD_KEY_BODY = 24;
    private static final int TERMINAL_MAC = 5;
    private static final int CARD_MAC = 3;
    private static final int SIGNATURE = 8;
    private static final int OPERATION = 255;
    private static final byte OTHER_USE = (byte) 0xA5;
    private static final byte SV_CARD = 0x43;

    private final byte[] key;
    private volatile boolean destroyed;

    /** Makes a key of 16 bytes, which become this object's own. */
    ${className}Key(byte[] key) {
        this.key = key;
    }

    // ---- the algorithm

    static byte[] diversify(byte[] master, byte[] diversifier) {
        if (diversifier.length != REGULAR_CHALLENGE && diversifier.length != CHALLENGE) {
            throw new IllegalArgumentException("A diversifier has 4 or 8 bytes, not " + diversifier.length + ".");
        }
        byte[] block = new byte[BLOCK];
        System.arraycopy(diversifier, 0, block, BLOCK - diversifier.length, diversifier.length);
        return derive(master, block);
    }

    /** Gives 16 bytes: {@code E(x) || E(~x)}. */
    private static byte[] derive(byte[] key, byte[] value) {
        byte[] out = new byte[2 * BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            out[i] = value[i];
            out[BLOCK + i] = (byte) ~value[i];
        }
        return apply(new DESedeEngine(), new KeyParameter(key), out);
    }

    /** Ciphers whole blocks in place. */
    private static byte[] apply(BlockCipher cipher, CipherParameters parameters, byte[] blocks) {
        cipher.init(true, parameters);
        for (int at = 0; at < blocks.length; at += BLOCK) {
            cipher.processBlock(blocks, at, blocks, at);
        }
        return blocks;
    }

    private static byte[] encrypt(byte[] key, byte[] iv, byte[] blocks) {
        return apply(CBCBlockCipher.newInstance(new DESedeEngine()), new ParametersWithIV(new KeyParameter(key), iv), blocks);
    }

    private static Mac startMac(byte[] key) {
        Mac mac = new CBCBlockCipherMac(new DESedeEngine(), 8 * BLOCK, new ISO7816d4Padding());
        mac.init(new KeyParameter(key));
        return mac;
    }

    private static byte[] mac(byte[] key, byte[]... parts) {
        Mac mac = startMac(key);
        for (byte[] part : parts) {
            mac.update(part, 0, part.length);
        }
        byte[] out = new byte[BLOCK];
        mac.doFinal(out, 0);
        return out;
    }

    // ---- the functions

    private byte[] key() {
        if (destroyed) {
            throw new IllegalStateException("This key was destroyed.");
        }
        return key;
    }

    @Override
    public SessionDigest openSession(byte[] samChallenge, boolean extended) {
        if (extended) {
            throw new UnsupportedOperationException("${product} keys have no extended mode.");
        }
        requireLength("SAM challenge", samChallenge, REGULAR_CHALLENGE);
        byte[] sessionKey = derive(key(), Arrays.copyOf(samChallenge, BLOCK));
        ${className}Session session = new ${className}Session(startMac(sessionKey));
        Arrays.fill(sessionKey, (byte) 0);
        return session;
    }

    @Override
    public byte[] cipherPin(byte[] cardChallenge, byte[] pin) {
        requireLength("card challenge", cardChallenge, CHALLENGE);
        requireLength("PIN", pin, PIN);
        return encrypt(key(), cardChallenge, Arrays.copyOf(pin, BLOCK));
    }

    @Override
    public byte[] cipherNewPin(byte[] cardChallenge, byte[] currentPin, byte[] newPin) {
        requireLength("card challenge", cardChallenge, CHALLENGE);
        requireLength("current PIN", currentPin, PIN);
        requireLength("new PIN", newPin, PIN);
        byte[] pins = new byte[NEW_PIN];
        for (int at = 0; at < NEW_PIN; at += 2 * PIN) {
            System.arraycopy(newPin, 0, pins, at, PIN);
            System.arraycopy(currentPin, 0, pins, at + PIN, PIN);
        }
        return encrypt(key(), cardChallenge, pins);
    }

    @Override
    public byte[] cipherCardKey(byte[] cardChallenge, DiversifiedKey newKey, int kif, int kvc) {
        requireLength("card challenge", cardChallenge, CHALLENGE);
        if (!(newKey instanceof ${className}Key other)) {
            throw new IllegalArgumentException("The key to load is not a ${product} key.");
        }
        byte[] body = Arrays.copyOf(other.key(), CARD_KEY_BODY);
        body[KeyValue.LENGTH] = (byte) kif;
        body[KeyValue.LENGTH + 1] = (byte) kvc;
        byte[] checksumKey = key().clone();
        for (int i = 0; i < checksumKey.length; i++) {
            checksumKey[i] ^= OTHER_USE;
        }
        byte[] checksum = mac(checksumKey, cardChallenge, Arrays.copyOf(body, KeyValue.LENGTH + 2));
        Arrays.fill(checksumKey, (byte) 0);
        byte[] iv = apply(new DESedeEngine(), new KeyParameter(key()), cardChallenge.clone());
        byte[] cryptogram = Arrays.copyOf(encrypt(key(), iv, body), CARD_KEY_BODY + BLOCK);
        System.arraycopy(checksum, 0, cryptogram, CARD_KEY_BODY, BLOCK);
        return cryptogram;
    }

    @Override
    public byte[] storedValueTerminalMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber) {
        byte[] input = storedValue(operation, samChallenge, transactionNumber, samSerialNumber);
        return Arrays.copyOf(mac(key(), input), TERMINAL_MAC);
    }

    @Override
    public byte[] storedValueCardMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber,
            byte[] terminalMac) {
        requireLength("terminal's MAC", terminalMac, TERMINAL_MAC);
        byte[] input = storedValue(operation, samChallenge, transactionNumber, samSerialNumber);
        return Arrays.copyOf(mac(key(), input, terminalMac, new byte[] {SV_CARD}), CARD_MAC);
    }

    private static byte[] storedValue(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber) {
        if (operation.length > OPERATION) {
            throw new IllegalArgumentException("A stored value operation has at most 255 bytes, not " + operation.length + ".");
        }
        requireLength("SAM challenge", samChallenge, 3);
        requireLength("SAM transaction number", transactionNumber, 3);
        requireLength("SAM serial number", samSerialNumber, 4);
        byte[] input = new byte[1 + operation.length + 10];
        input[0] = (byte) operation.length;
        System.arraycopy(operation, 0, input, 1, operation.length);
        System.arraycopy(samChallenge, 0, input, 1 + operation.length, 3);
        System.arraycopy(transactionNumber, 0, input, 4 + operation.length, 3);
        System.arraycopy(samSerialNumber, 0, input, 7 + operation.length, 4);
        return input;
    }

    @Override
    public byte[] sign(byte[] data, int length) {
        if (length < 1 || length > SIGNATURE) {
            throw new IllegalArgumentException("A signature has 1 to 8 bytes, not " + length + ".");
        }
        return Arrays.copyOf(mac(key(), data), length);
    }

    @Override
    public byte[] signRead(byte[] challenge, byte[] signedPart) {
        requireLength("challenge", challenge, CHALLENGE);
        return mac(key(), challenge, signedPart);
    }

    @Override
    public byte[] sealTransfer(byte[] targetChallenge, byte[] record, int p2) {
        throw new UnsupportedOperationException("${product} keys do not protect transfers between SAMs.");
    }

    @Override
    public TransferredRecord openTransfer(byte[] targetChallenge, byte[] block) {
        throw new UnsupportedOperationException("${product} keys do not protect transfers between SAMs.");
    }

    @Override
    public KeyValue revealKey() {
        return KeyValue.copyOf(key());
    }

    @Override
    public void destroy() {
        destroyed = true;
        Arrays.fill(key, (byte) 0);
    }

    private static void requireLength(String what, byte[] value, int length) {
        if (value.length != length) {
            throw new IllegalArgumentException("The " + what + " has " + length + " bytes, not " + value.length + ".");
        }
    }

    /** Refuses a range that is outside of the array, or longer than an element may be. */
    static void requireElement(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        if (length > OPERATION) {
            throw new IllegalArgumentException("An element has at most 255 bytes, not " + length + ".");
        }
    }
}
