package org.calypsohsm.profile;

import org.calypsohsm.key.KeyValue;

/** The four reference profiles. Source: security-profiles.md. */
public enum ReferenceProfile {

    /** DESX with CBC-MAC; ALG 20. */
    DESX_CBC(0x20),
    /** Triple DES, retail MAC (ISO/IEC 9797-1 algorithm 3); ALG 30. */
    TDES_RETAIL(0x30),
    /** Triple DES, MAC algorithm 1; ALG 40. */
    TDES_CBC(0x40),
    /** AES-128 with CMAC; ALG 50. The only one with extended mode. */
    AES_CMAC(0x50);

    private final int alg;

    ReferenceProfile(int alg) {
        this.alg = alg;
    }

    /** @return the ALG code that the project assumes for this profile, 0..FF */
    public int alg() {
        return alg;
    }

    /**
     * Diversifies a key.
     *
     * @param key         master key
     * @param diversifier 4 or 8 bytes
     * @return the diversified key
     * @throws IllegalArgumentException if the diversifier has another length
     */
    public ReferenceKey diversify(KeyValue key, byte[] diversifier) {
        throw new UnsupportedOperationException("not yet");
    }

    /**
     * Takes a key as it is.
     *
     * @param key the key
     * @return the key in the form that its functions need
     */
    public ReferenceKey undiversified(KeyValue key) {
        throw new UnsupportedOperationException("not yet");
    }
}
