package org.calypsohsm.keystore;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;

import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The power-up test of the algorithm that seals the store, before it opens one: AES-256-GCM with a known answer, both ways.
 * Source: McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 16.
 */
final class SealingCheck {

    /** Ciphertext, then tag. */
    static final String ANSWER = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
            + "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b";

    private static final String KEY = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    private static final String NONCE = "cafebabefacedbaddecaf888";
    private static final String ASSOCIATED = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    private static final String PLAIN = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
            + "b16aedf5aa0de657ba637b39";
    private static final int TAG_BITS = 128;

    private SealingCheck() {
    }

    /** @throws KeyStoreException if an answer is not the known one */
    static void run() {
        run(bytes(ANSWER));
    }

    static void run(byte[] answer) {
        try {
            if (!Arrays.equals(answer, cipher(Cipher.ENCRYPT_MODE).doFinal(bytes(PLAIN)))
                    || !Arrays.equals(bytes(PLAIN), cipher(Cipher.DECRYPT_MODE).doFinal(answer))) {
                throw failed(null);
            }
        } catch (GeneralSecurityException e) {
            throw failed(e);
        }
    }

    private static KeyStoreException failed(Exception cause) {
        return new KeyStoreException("the power-up test of AES-256-GCM failed, so it stays locked.", cause);
    }

    private static Cipher cipher(int mode) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(StorageKey.TRANSFORMATION);
        cipher.init(mode, new SecretKeySpec(bytes(KEY), "AES"), new GCMParameterSpec(TAG_BITS, bytes(NONCE)));
        cipher.updateAAD(bytes(ASSOCIATED));
        return cipher;
    }

    private static byte[] bytes(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
