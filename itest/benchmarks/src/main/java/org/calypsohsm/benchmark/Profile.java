package org.calypsohsm.benchmark;

import org.calypsohsm.profile.ReferenceProfile;

/** The profiles measured, with the raw block operations that a session of each cannot avoid. */
public enum Profile {

    /** CD97. */
    DESX_CBC(ReferenceProfile.DESX_CBC, RawOperations::desx),
    /** CD21. */
    TDES_RETAIL(ReferenceProfile.TDES_RETAIL, RawOperations::retail),
    /** Tango. */
    TDES_CBC(ReferenceProfile.TDES_CBC, RawOperations::tripleDes),
    /** Tango with AES, regular mode. */
    AES_CMAC(ReferenceProfile.AES_CMAC, RawOperations::aes);

    /** The block operations of one session. */
    interface Raw {

        /**
         * Runs them.
         *
         * @param key       16 bytes
         * @param challenge differs from session to session
         * @param message   bytes that the session digests
         * @return something of the result, so that no operation can be left out
         */
        int run(byte[] key, byte challenge, byte[] message);
    }

    final ReferenceProfile reference;
    final Raw raw;

    Profile(ReferenceProfile reference, Raw raw) {
        this.reference = reference;
        this.raw = raw;
    }
}
