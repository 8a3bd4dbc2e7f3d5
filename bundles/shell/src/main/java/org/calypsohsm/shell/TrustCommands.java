package org.calypsohsm.shell;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustStoreReport;
import org.calypsohsm.trust.TrustedCertificate;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The command for the certificates that are trusted. */
@Component(service = TrustCommands.class)
@GogoCommand(scope = "hsm", function = "trust")
public final class TrustCommands {

    private final Services services;

    /**
     * Makes the command.
     *
     * @param context context of the bundle
     */
    @Activate
    public TrustCommands(BundleContext context) {
        services = new Services(context);
    }

    /**
     * Lists the trusted certificates.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way
     */
    @Descriptor("lists the certificates whose bundles may become providers and product plugins")
    public String trust(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("trust", arguments);
        TrustStoreReport store = services.use(BundleTrust.class, BundleTrust::store);
        return new Table<TrustedCertificate>(String.valueOf(store.problem()))
                .column("SUBJECT", "subject", TrustedCertificate::subject)
                .column("SHA-256", "fingerprint", TrustedCertificate::fingerprint)
                .column("UNTIL", "until", certificate -> certificate.until().toString())
                .text("AUTHORITY", certificate -> certificate.authority() ? "yes" : "no")
                .member("authority", TrustedCertificate::authority)
                .show(json, store.certificates());
    }
}
