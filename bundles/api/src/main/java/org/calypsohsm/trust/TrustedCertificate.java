package org.calypsohsm.trust;

import java.time.Instant;
import java.util.Objects;

/**
 * A certificate of the trust store.
 *
 * @param subject     its distinguished name
 * @param fingerprint SHA-256 of its DER encoding, 64 hexadecimal digits in capitals
 * @param until       when it expires
 * @param authority   true if what it certifies is trusted too, not only what it signed itself
 */
public record TrustedCertificate(String subject, String fingerprint, Instant until, boolean authority) {

    /** Checks that every part is there. */
    public TrustedCertificate {
        Objects.requireNonNull(subject, "subject");
        Objects.requireNonNull(fingerprint, "fingerprint");
        Objects.requireNonNull(until, "until");
    }
}
