package org.calypsohsm.key;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The secret 16 bytes of a key. They leave only through {@link #revealKeyBytes()}; {@link #toString()} never shows them.
 * Source: sam-s1-apdu.md section 4.1.
 */
public final class KeyValue {

    /** Length of a key in bytes. */
    public static final int LENGTH = 16;

    private final byte[] bytes;

    private KeyValue(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Keeps a copy of key bytes. The caller should then overwrite its own array.
     *
     * @param bytes 16 bytes
     * @return the key value
     * @throws IllegalArgumentException if there are not 16 bytes
     */
    public static KeyValue copyOf(byte[] bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("A key value has " + LENGTH + " bytes, not " + bytes.length + ".");
        }
        return new KeyValue(bytes.clone());
    }

    /**
     * Gives a copy of the secret bytes, for a security plugin only. Overwrite the copy after use, and never log it.
     *
     * @return a new array of 16 bytes
     */
    public byte[] revealKeyBytes() {
        return bytes.clone();
    }

    /** Overwrites the secret bytes with zeros. The value is useless afterwards. */
    public void destroy() {
        Arrays.fill(bytes, (byte) 0);
    }

    /** Compares in constant time. */
    @Override
    public boolean equals(Object other) {
        return other instanceof KeyValue that && MessageDigest.isEqual(bytes, that.bytes);
    }

    /** The same for all values, so that it tells nothing about the secret. */
    @Override
    public int hashCode() {
        return LENGTH;
    }

    @Override
    public String toString() {
        return "KeyValue[secret]";
    }
}
