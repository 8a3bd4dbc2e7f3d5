package org.calypsohsm.trust;

import java.util.List;
import java.util.Objects;

/**
 * What the trust store holds.
 *
 * @param place        the folder
 * @param certificates those in force, in the order of their files; empty if there is a problem
 * @param problem      why every bundle is refused, and what to do, in one sentence; null if there is no problem
 */
public record TrustStoreReport(String place, List<TrustedCertificate> certificates, String problem) {

    /** Copies the list. */
    public TrustStoreReport {
        Objects.requireNonNull(place, "place");
        certificates = List.copyOf(certificates);
    }
}
