package org.calypsohsm.sam;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SessionDigest;

/** A secure session in progress. Without one, a SAM keeps none of this. Source: sam-s1-apdu.md section 7. */
final class SecureSession {

    /** Where the session is. */
    enum Phase {
        /** Takes digest updates. */
        ONGOING,
        /** Waits for the card's certificate in the middle of the session. */
        AWAITING_MID_SESSION_CERTIFICATE,
        /** Waits for the card's certificate at the end. */
        AWAITING_CARD_CERTIFICATE
    }

    final DiversifiedKey key;
    final SessionDigest digest;
    final boolean extended;
    final boolean verificationMode;
    Phase phase = Phase.ONGOING;
    int internalAuthentications;
    int cipheredExchanges;

    SecureSession(DiversifiedKey key, SessionDigest digest, boolean extended, boolean verificationMode) {
        this.key = key;
        this.digest = digest;
        this.extended = extended;
        this.verificationMode = verificationMode;
    }

    /** @return length of each certificate in bytes */
    int certificateLength() {
        return extended ? 8 : 4;
    }

    void destroy() {
        digest.destroy();
        key.destroy();
    }
}
