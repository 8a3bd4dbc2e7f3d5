package org.calypsohsm.features;

import java.util.List;

import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;

/** Asks who signed the jars, before they are installed. */
final class Trust {

    private final boolean required;
    private volatile BundleTrust service;

    /** @param required whether nothing is installed while nobody can be asked */
    Trust(boolean required) {
        this.required = required;
    }

    /** @param next the service that knows; null if there is none */
    void use(BundleTrust next) {
        service = next;
    }

    /** @return the service that knows; null if there is none */
    BundleTrust service() {
        return service;
    }

    /** @throws FeatureException NOT_TRUSTED if a jar is not signed by a trusted certificate, or nobody tells though that is required */
    void check(FeatureFile feature, List<Jar> jars) throws FeatureException {
        BundleTrust trust = service;
        if (trust == null) {
            if (required) {
                throw new FeatureException(Reason.NOT_TRUSTED, "Feature " + feature + ": nobody checks who signed its bundles, and "
                        + "trustRequired is set in " + DefaultFeatureManager.PID + "; start the bundle that offers BundleTrust.");
            }
            return;
        }
        for (Jar jar : jars) {
            TrustReport report = trust.check(jar.content());
            if (!report.trusted()) {
                throw new FeatureException(Reason.NOT_TRUSTED, "Feature " + feature + ": the jar " + jar + " is not trusted, so nothing "
                        + "was installed; " + report.sentence());
            }
        }
    }

    /** @return what is known of jars, in one sentence */
    String sentence(List<Jar> jars) {
        BundleTrust trust = service;
        if (trust == null) {
            return required ? "Refused: nobody checks signatures." : "Not checked.";
        }
        String last = "It has no bundles.";
        for (Jar jar : jars) {
            TrustReport report = trust.check(jar.content());
            last = report.sentence();
            if (!report.trusted()) {
                return last;
            }
        }
        return last;
    }
}
