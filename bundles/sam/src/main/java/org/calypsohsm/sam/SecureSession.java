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

    private final DiversifiedKey key;
    final SessionDigest digest;
    final boolean extended;
    final boolean verificationMode;
    Phase phase = Phase.ONGOING;
    int internalAuthentications;
    int cipheredExchanges;

    private SecureSession(DiversifiedKey key, SessionDigest digest, boolean extended, boolean verificationMode) {
        this.key = key;
        this.digest = digest;
        this.extended = extended;
        this.verificationMode = verificationMode;
    }

    /** Opens a session with a key that becomes the session's own, also if opening it fails. */
    static SecureSession open(DiversifiedKey key, byte[] challenge, boolean extended, boolean verificationMode) {
        try {
            return new SecureSession(key, key.openSession(challenge, extended), extended, verificationMode);
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            Secrets.destroy(key::destroy);
            throw e;
        }
    }

    /** @return length of each certificate in bytes */
    int certificateLength() {
        return extended ? 8 : 4;
    }

    void destroy() {
        Secrets.destroy(digest::destroy);
        Secrets.destroy(key::destroy);
    }
}
