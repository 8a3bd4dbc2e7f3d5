package org.calypsohsm.trust;

import java.util.Objects;

/**
 * Whether a bundle is signed by a trusted certificate.
 *
 * @param bundle   symbolic name and version, as in {@code "org.calypsohsm.product.cd21 1.1.0"}; the file name if it has none
 * @param trusted  true if every entry of the jar is as a trusted certificate signed it
 * @param signer   distinguished name of the certificate that signed it; null if nobody did
 * @param sentence who signed it, or why it is refused and what to do, in one sentence
 */
public record TrustReport(String bundle, boolean trusted, String signer, String sentence) {

    /** Checks that every part but the signer is there. */
    public TrustReport {
        Objects.requireNonNull(bundle, "bundle");
        Objects.requireNonNull(sentence, "sentence");
    }
}
