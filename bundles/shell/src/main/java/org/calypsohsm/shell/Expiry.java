package org.calypsohsm.shell;

import java.time.Duration;
import java.time.Instant;

import org.calypsohsm.trust.TrustedCertificate;

/**
 * How long a trusted certificate is good for.
 *
 * @param certificate the certificate
 * @param left        how long it is valid still; negative if it is not any more
 */
record Expiry(TrustedCertificate certificate, Duration left) {

    /** Time enough to get another one, and to sign all bundles with it. */
    private static final Duration NEAR = Duration.ofDays(30);

    static Expiry of(TrustedCertificate certificate, Instant now) {
        return new Expiry(certificate, Duration.between(now, certificate.until()));
    }

    boolean isNear() {
        return left.compareTo(NEAR) < 0;
    }

    String sentence() {
        return "The trusted certificate of " + certificate.subject() + (left.isNegative() ? " has expired on " : " expires on ")
                + certificate.until() + ": bundles that it signed are refused at their next start, so sign them with another one.";
    }
}
