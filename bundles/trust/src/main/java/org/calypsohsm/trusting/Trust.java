package org.calypsohsm.trusting;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;
import org.calypsohsm.trust.TrustStoreReport;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.namespace.HostNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges bundles. A verdict holds for the revisions that it was made for, that of the bundle and those of its fragments, and
 * for one state of the trust store; a bundle is judged when somebody looks for its services for the first time.
 */
final class Trust implements BundleTrust, SynchronousBundleListener {

    private static final Logger LOG = LoggerFactory.getLogger(Trust.class);
    private static final Set<String> TYPES = Set.of(SecurityModule.class.getName(), SecurityPlugin.class.getName());
    /** Name space of capabilities in which bundles say which services they will register. */
    private static final String SERVICE = "osgi.service";
    private static final String REFERENCE = "reference:";
    private static final String NAMELESS = "jar without a symbolic name";

    private final BundleContext context;
    private final Records records;
    private final Map<Long, Verdict> verdicts = new ConcurrentHashMap<>();
    /** The last verdict on each refused bundle that is in the audit log. */
    private final Map<Long, Verdict> announced = new ConcurrentHashMap<>();
    /** Bundles that run, or may run after an update, from a file outside of the framework's storage. */
    private final Set<Long> referenced = ConcurrentHashMap.newKeySet();
    private final Map<Examined, FutureTask<Finding>> findings = new ConcurrentHashMap<>();
    private final Path folder;
    private volatile TrustedCertificates store;

    private record Examined(BundleRevision revision, TrustedCertificates store) {
    }

    /** What was found of a jar: who signed it, if anybody did, and why it is refused, as the end of a sentence; null if it is not. */
    private record Finding(String signer, String refusal) {
    }

    private record Verdict(List<BundleRevision> parts, TrustedCertificates store, TrustReport report) {

        boolean isFor(List<BundleRevision> others, TrustedCertificates other) {
            return parts.equals(others) && store == other;
        }
    }

    Trust(BundleContext context, Records records, Path folder) {
        this.context = context;
        this.records = records;
        this.folder = folder;
    }

    /** @return the trusted certificates; read when they are needed first, since that takes as long as several verdicts */
    TrustedCertificates certificates() {
        TrustedCertificates known = store;
        if (known == null) {
            synchronized (findings) {
                known = store == null ? TrustedCertificates.read(folder) : store;
                store = known;
            }
        }
        return known;
    }

    /** Examines ahead the bundles that say they offer providers and product plugins: the start need not wait for it. */
    void prepare() {
        for (Bundle bundle : context.getBundles()) {
            BundleRevision revision = bundle.adapt(BundleRevision.class);
            if (revision != null && revision.getDeclaredCapabilities(SERVICE).stream().anyMatch(Trust::isGuarded)) {
                finding(revision, certificates());
            }
        }
    }

    private static boolean isGuarded(BundleCapability service) {
        return service.getAttributes().get(Constants.OBJECTCLASS) instanceof Collection<?> types
                && types.stream().anyMatch(TYPES::contains);
    }

    @Override
    public TrustReport check(byte[] jar) {
        String[] name = {NAMELESS};
        Finding finding = examine(certificates(), () -> {
            Map<String, byte[]> entries = Content.of(jar);
            name[0] = name(entries);
            return entries;
        });
        TrustReport report = report(name[0], "it", finding);
        if (!report.trusted()) {
            records.refused(report);
        }
        return report;
    }

    @Override
    public TrustReport check(long id) {
        Bundle bundle = context.getBundle(id);
        if (bundle == null) {
            throw new IllegalArgumentException("There is no bundle " + id + ". Try: felix:lb");
        }
        return verdict(bundle).report();
    }

    @Override
    public List<TrustReport> refused() {
        return Arrays.stream(context.getBundles()).filter(Trust::isOffering).map(bundle -> verdict(bundle).report())
                .filter(report -> !report.trusted()).toList();
    }

    @Override
    public TrustStoreReport store() {
        return certificates().report();
    }

    /** @return whether the bundle has registered a provider or a product plugin */
    private static boolean isOffering(Bundle bundle) {
        ServiceReference<?>[] services = bundle.getRegisteredServices();
        return services != null && Arrays.stream(services).anyMatch(Trust::isGuarded);
    }

    private static boolean isGuarded(ServiceReference<?> service) {
        for (String type : (String[]) service.getProperty(Constants.OBJECTCLASS)) {
            if (TYPES.contains(type)) {
                return true;
            }
        }
        return false;
    }

    /** Tells whether nobody but its owner may see a service. Never fails: what cannot be judged is hidden. */
    boolean isHidden(ServiceReference<?> service) {
        if (!isGuarded(service)) {
            return false;
        }
        Bundle bundle = service.getBundle();
        if (bundle == null) {
            return true;
        }
        try {
            Verdict verdict = verdict(bundle);
            if (!verdict.report().trusted()) {
                announce(bundle, verdict);
            }
            return !verdict.report().trusted();
        } catch (RuntimeException | LinkageError e) {
            // The framework would go on as if it had not asked.
            LOG.error("Bundle {} is refused since it cannot be judged.", bundle, e);
            return true;
        }
    }

    private void announce(Bundle bundle, Verdict verdict) {
        Verdict last = announced.put(bundle.getBundleId(), verdict);
        if (last == null || !last.parts().equals(verdict.parts()) || !last.report().equals(verdict.report())) {
            records.refused(verdict.report());
        }
    }

    private Verdict verdict(Bundle bundle) {
        TrustedCertificates certificates = certificates();
        List<BundleRevision> parts = parts(bundle);
        Verdict known = verdicts.get(bundle.getBundleId());
        if (known != null && known.isFor(parts, certificates)) {
            return known;
        }
        // One at a time: two threads that look for the same service make one verdict and one entry in the audit log.
        synchronized (verdicts) {
            known = verdicts.get(bundle.getBundleId());
            if (known == null || !known.isFor(parts, certificates)) {
                known = new Verdict(parts, certificates, judge(bundle, parts, certificates));
                verdicts.put(bundle.getBundleId(), known);
            }
            return known;
        }
    }

    /** @return the revision that runs, and those of the fragments in it */
    private static List<BundleRevision> parts(Bundle bundle) {
        List<BundleRevision> parts = new ArrayList<>();
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        if (wiring == null) {
            parts.add(bundle.adapt(BundleRevision.class));
        } else {
            parts.add(wiring.getRevision());
            List<BundleWire> fragments = wiring.getProvidedWires(HostNamespace.HOST_NAMESPACE);
            if (fragments != null) {
                fragments.forEach(wire -> parts.add(wire.getRequirer()));
            }
        }
        return parts;
    }

    private TrustReport judge(Bundle bundle, List<BundleRevision> parts, TrustedCertificates certificates) {
        String name = name(bundle);
        TrustReport report = null;
        for (BundleRevision part : parts) {
            boolean host = report == null;
            Finding finding = part == null || part.getBundle() == null
                    ? new Finding(null, "is not installed any more: install it again") : finding(part, certificates);
            TrustReport one = report(name, host ? "it" : "its fragment " + name(part.getBundle()), finding);
            if (!one.trusted()) {
                return one;
            }
            report = host ? one : report;
        }
        return report;
    }

    private Finding finding(BundleRevision part, TrustedCertificates certificates) {
        FutureTask<Finding> task = findings.computeIfAbsent(new Examined(part, certificates),
                key -> new FutureTask<>(() -> examine(part, certificates)));
        task.run();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Finding examine(BundleRevision part, TrustedCertificates certificates) {
        Bundle bundle = part.getBundle();
        if (bundle.getBundleId() == Constants.SYSTEM_BUNDLE_ID) {
            return new Finding(null, "is the framework itself, which has no signature: register the service in a signed bundle");
        }
        if (referenced.contains(bundle.getBundleId())) {
            return new Finding(null, "runs from a file by a location or an update location " + REFERENCE + ", which could be changed"
                    + " after the check: install the bundle again, by the address of the file itself");
        }
        if (!part.equals(bundle.adapt(BundleRevision.class))) {
            return new Finding(null, "still runs as it was before its update, and cannot be read any more: felix:refresh "
                    + bundle.getBundleId());
        }
        return examine(certificates, () -> Content.of(bundle));
    }

    private static Finding examine(TrustedCertificates certificates, Callable<Map<String, byte[]>> content) {
        String signer = null;
        try {
            if (certificates.problem() != null) {
                // Read all the same, for its name.
                content.call();
                throw new RefusedException("cannot be checked because " + certificates.problem());
            }
            RefusedException refusal = null;
            for (CodeSigner one : SignedJar.signers(content.call())) {
                List<X509Certificate> chain = one.getSignerCertPath().getCertificates().stream()
                        .map(X509Certificate.class::cast).toList();
                String subject = TrustedCertificates.name(chain.get(0));
                try {
                    certificates.check(chain);
                    return new Finding(subject, null);
                } catch (RefusedException e) {
                    signer = signer == null ? subject : signer;
                    refusal = refusal == null ? e : refusal;
                }
            }
            throw refusal;
        } catch (RefusedException e) {
            return new Finding(signer, e.getMessage());
        } catch (Exception e) {
            LOG.debug("Not checked.", e);
            return new Finding(null, "cannot be checked (" + e + "): get its jar again from who made it");
        }
    }

    private static TrustReport report(String bundle, String part, Finding finding) {
        boolean trusted = finding.refusal() == null;
        return new TrustReport(bundle, trusted, finding.signer(), "Bundle " + bundle + (trusted
                ? " is signed by " + finding.signer() + ", who is trusted."
                : " is refused since " + part + " " + finding.refusal() + "."));
    }

    private static String name(Bundle bundle) {
        return bundle.getSymbolicName() == null ? bundle.getLocation() : bundle.getSymbolicName() + " " + bundle.getVersion();
    }

    private static String name(Map<String, byte[]> entries) {
        byte[] manifest = entries.get(JarFile.MANIFEST_NAME);
        if (manifest == null) {
            return NAMELESS;
        }
        try {
            Attributes main = new Manifest(new ByteArrayInputStream(manifest)).getMainAttributes();
            String name = main.getValue(Constants.BUNDLE_SYMBOLICNAME);
            String version = main.getValue(Constants.BUNDLE_VERSION);
            return name == null ? NAMELESS : name.split(";", 2)[0].trim() + " " + (version == null ? "0.0.0" : version.trim());
        } catch (IOException e) {
            return NAMELESS;
        }
    }

    /** Looks at all bundles that were there before, and makes those let go who know services of refused ones. */
    void begin() {
        for (Bundle bundle : context.getBundles()) {
            noteReference(bundle);
        }
        for (Bundle bundle : context.getBundles()) {
            if (isOffering(bundle) && !verdict(bundle).report().trusted()) {
                restart(bundle);
            }
        }
    }

    /** Stops all refused bundles, since nothing hides their services any more. */
    void end() {
        for (Bundle bundle : context.getBundles()) {
            if (isOffering(bundle) && !verdict(bundle).report().trusted()) {
                stop(bundle);
            }
        }
    }

    /**
     * Takes another state of the trust store. Bundles that it decides otherwise on are stopped and started again, so that
     * their services go from those who have them in the orderly way, and come to those who may have them.
     */
    void take(TrustedCertificates next) {
        List<Bundle> offering = Arrays.stream(context.getBundles()).filter(Trust::isOffering).toList();
        List<Boolean> before = offering.stream().map(bundle -> verdict(bundle).report().trusted()).toList();
        store = next;
        findings.keySet().removeIf(examined -> examined.store() != next);
        records.changed(next.folder().toString(), next.describe());
        for (int i = 0; i < before.size(); i++) {
            if (verdict(offering.get(i)).report().trusted() != before.get(i)) {
                restart(offering.get(i));
            }
        }
    }

    private static void restart(Bundle bundle) {
        int state = bundle.getState();
        if (state == Bundle.ACTIVE || state == Bundle.STARTING) {
            stop(bundle);
            try {
                bundle.start(Bundle.START_TRANSIENT | Bundle.START_ACTIVATION_POLICY);
            } catch (BundleException | IllegalStateException e) {
                LOG.error("Bundle {} does not start again, now that its trust has changed.", bundle, e);
            }
        }
    }

    private static void stop(Bundle bundle) {
        try {
            bundle.stop(Bundle.STOP_TRANSIENT);
        } catch (BundleException | IllegalStateException e) {
            LOG.error("Bundle {} does not stop, though it is refused or its trust has changed.", bundle, e);
        }
    }

    @Override
    public void bundleChanged(BundleEvent event) {
        long id = event.getBundle().getBundleId();
        switch (event.getType()) {
            case BundleEvent.INSTALLED -> noteReference(event.getBundle());
            case BundleEvent.UPDATED -> {
                noteReference(event.getBundle());
                forget(id);
            }
            case BundleEvent.UNINSTALLED -> {
                forget(id);
                verdicts.remove(id);
                announced.remove(id);
                referenced.remove(id);
            }
            default -> { }
        }
    }

    private void forget(long id) {
        findings.keySet().removeIf(examined -> examined.revision().getBundle().getBundleId() == id);
    }

    /** An update location counts for the next update only, and cannot be seen any more after it. */
    private void noteReference(Bundle bundle) {
        String update = bundle.getHeaders("").get(Constants.BUNDLE_UPDATELOCATION);
        if (bundle.getLocation().startsWith(REFERENCE) || update != null && update.trim().startsWith(REFERENCE)) {
            referenced.add(bundle.getBundleId());
        }
    }
}
