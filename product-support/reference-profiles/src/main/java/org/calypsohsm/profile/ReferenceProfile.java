package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.DESedeEngine;
import org.calypsohsm.key.KeyValue;

/**
 * The four reference profiles. They have the shape and the cost of the field algorithms of Calypso products, and do not
 * authenticate cards in the field. Source: security-profiles.md.
 */
public enum ReferenceProfile {

    /** DESX with CBC-MAC; ALG 20. */
    DESX_CBC(0x20),
    /** Triple DES, retail MAC (ISO/IEC 9797-1 algorithm 3); ALG 30. */
    TDES_RETAIL(0x30),
    /** Triple DES, MAC algorithm 1; ALG 40. */
    TDES_CBC(0x40),
    /** AES-128 with CMAC; ALG 50. The only one with extended mode. */
    AES_CMAC(0x50);

    private static final int DIVERSIFIER = 8;
    private static final int SHORT_DIVERSIFIER = 4;

    private final int alg;

    ReferenceProfile(int alg) {
        this.alg = alg;
    }

    /** @return the ALG code that the project assumes for this profile, 0..FF */
    public int alg() {
        return alg;
    }

    /** @return true if keys of this profile have secure sessions in extended mode */
    public boolean hasExtendedMode() {
        return this == AES_CMAC;
    }

    /** @return true if keys of this profile protect the transfer of keys and parameters between SAMs */
    public boolean hasTransfer() {
        return this != DESX_CBC;
    }

    /**
     * Diversifies a key. Source: security-profiles.md, "Diversification".
     *
     * @param key         master key
     * @param diversifier 4 or 8 bytes
     * @return the diversified key
     * @throws IllegalArgumentException if the diversifier has another length
     */
    public ReferenceKey diversify(KeyValue key, byte[] diversifier) {
        byte[] diversifier8 = leftPadded(diversifier);
        byte[] master = key.revealKeyBytes();
        try {
            KeyedCipher cipher = cipher(master);
            return this == AES_CMAC ? new AesKey(AesKey.diversify(cipher, diversifier8))
                    : new DesKey(this, DesKey.derive(cipher, Bytes.toLong(diversifier8, 0)));
        } finally {
            Arrays.fill(master, (byte) 0);
        }
    }

    /**
     * Takes a key as it is.
     *
     * @param key the key
     * @return the key in the form that its functions need
     */
    public ReferenceKey undiversified(KeyValue key) {
        byte[] own = key.revealKeyBytes();
        return this == AES_CMAC ? new AesKey(own) : new DesKey(this, own);
    }

    private static byte[] leftPadded(byte[] diversifier) {
        if (diversifier.length == DIVERSIFIER) {
            return diversifier;
        }
        Bytes.requireLength("diversifier (if not 8 bytes)", diversifier, SHORT_DIVERSIFIER);
        byte[] padded = new byte[DIVERSIFIER];
        System.arraycopy(diversifier, 0, padded, DIVERSIFIER - SHORT_DIVERSIFIER, SHORT_DIVERSIFIER);
        return padded;
    }

    /** The block cipher of this profile without a key. */
    BlockCipher newEngine() {
        return switch (this) {
            case DESX_CBC -> new DesxEngine();
            case TDES_RETAIL, TDES_CBC -> new DESedeEngine();
            case AES_CMAC -> AESEngine.newInstance();
        };
    }

    /** The block cipher of this profile for encryption under a key of 16 bytes. */
    KeyedCipher cipher(byte[] key) {
        return new KeyedCipher(newEngine(), key, 0, key.length);
    }
}
