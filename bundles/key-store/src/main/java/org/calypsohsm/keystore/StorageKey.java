package org.calypsohsm.keystore;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;

import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

import org.calypsohsm.startup.LockedStore;

/**
 * Seals the records of the store: AES-256-GCM with a random nonce, bound to the name of the record.
 * Sealed: format 1, nonce 12, ciphertext, tag 16. Safe for many threads.
 */
public final class StorageKey {

    private static final byte FORMAT = 1;
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;
    private static final String ALGORITHM = "AES";
    static final String TRANSFORMATION = "AES/GCM/NoPadding";

    private final SecureRandom random = new SecureRandom();
    private final byte[] bytes;

    /** @param bytes 32 bytes; copied */
    StorageKey(byte[] bytes) {
        if (bytes.length != LockedStore.STORAGE_KEY_LENGTH) {
            throw new IllegalArgumentException("A storage key has " + LockedStore.STORAGE_KEY_LENGTH + " bytes, not "
                    + bytes.length + ".");
        }
        this.bytes = bytes.clone();
    }

    /** A key specification cannot be overwritten, so there is one for each use, and soon it is gone. */
    private SecretKey key() {
        return new SecretKeySpec(bytes, ALGORITHM);
    }

    /** Overwrites the key with zeros. */
    void destroy() {
        Arrays.fill(bytes, (byte) 0);
    }

    /**
     * Seals a record.
     *
     * @param name   its name, ASCII; it opens under this name only
     * @param record what to seal
     * @return a new array, {@code record.length} + 29 bytes
     */
    public byte[] seal(String name, byte[] record) {
        try {
            byte[] nonce = new byte[NONCE];
            random.nextBytes(nonce);
            Cipher cipher = Cipher.getInstance(TRANSFORMATION);
            cipher.init(Cipher.ENCRYPT_MODE, key(), new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(name.getBytes(StandardCharsets.US_ASCII));
            byte[] sealed = new byte[1 + NONCE + cipher.getOutputSize(record.length)];
            sealed[0] = FORMAT;
            System.arraycopy(nonce, 0, sealed, 1, NONCE);
            cipher.doFinal(record, 0, record.length, sealed, 1 + NONCE);
            return sealed;
        } catch (GeneralSecurityException e) {
            throw new KeyStoreException("the record " + name + " cannot be sealed.", e);
        }
    }

    /**
     * Opens a record.
     *
     * @param name   its name, ASCII
     * @param sealed what {@link #seal} made
     * @return the record, a new array
     * @throws KeyStoreException if it was changed, moved, or sealed under another key
     */
    public byte[] open(String name, byte[] sealed) {
        try {
            if (sealed.length < 1 + NONCE || sealed[0] != FORMAT) {
                throw new KeyStoreException("the record " + name + " has an unknown form.", null);
            }
            Cipher cipher = Cipher.getInstance(TRANSFORMATION);
            cipher.init(Cipher.DECRYPT_MODE, key(), new GCMParameterSpec(TAG_BITS, sealed, 1, NONCE));
            cipher.updateAAD(name.getBytes(StandardCharsets.US_ASCII));
            return cipher.doFinal(sealed, 1 + NONCE, sealed.length - 1 - NONCE);
        } catch (GeneralSecurityException e) {
            throw new KeyStoreException("the record " + name + " does not open: it was changed, or the storage key is another.", e);
        }
    }
}
