package org.calypsohsm.trusting;

import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.trust.BundleTrust;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.hooks.service.EventListenerHook;
import org.osgi.framework.hooks.service.FindHook;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.LoggerFactory;

/** Starts the check of signatures; no component, since it must be there before Declarative Services is. */
public final class Activator implements BundleActivator {

    /** Property of the framework, or of the system: the folder with the trusted certificates. */
    static final String STORE = "hsm.trust.store";

    private static final String HOME = "hsm.home";
    private static final String DEFAULT = "conf/trust";
    private static final long LOOK_MILLIS = 2000;

    private Trust trust;
    private Records records;
    private ServiceTracker<AuditLog, AuditLog> auditLogs;
    private ScheduledExecutorService watch;
    /** What the last look at the store found; a change counts when two looks find the same. */
    private TrustedCertificates seen;

    /** For the framework. */
    public Activator() {
        // Everything begins in start.
    }

    @Override
    public void start(BundleContext context) {
        Path folder = folder(context);
        records = new Records();
        trust = new Trust(context, records, folder);
        ServiceHooks hooks = new ServiceHooks(trust);
        context.addBundleListener(trust);
        context.registerService(new String[] {FindHook.class.getName(), EventListenerHook.class.getName()}, hooks, null);
        context.registerService(BundleTrust.class, trust, null);
        auditLogs = new ServiceTracker<>(context, AuditLog.class, null) {
            @Override
            public AuditLog addingService(ServiceReference<AuditLog> reference) {
                AuditLog log = super.addingService(reference);
                if (log != null) {
                    records.come(log);
                }
                return log;
            }

            @Override
            public void removedService(ServiceReference<AuditLog> reference, AuditLog log) {
                records.go(log);
                super.removedService(reference, log);
            }
        };
        auditLogs.open();
        watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "hsm-trust");
            thread.setDaemon(true);
            return thread;
        });
        watch.execute(trust::prepare);
        trust.begin();
        watch.scheduleWithFixedDelay(() -> look(folder), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static Path folder(BundleContext context) {
        String store = context.getProperty(STORE);
        String home = context.getProperty(HOME);
        Path folder = store != null ? Path.of(store) : home != null ? Path.of(home, DEFAULT) : Path.of(DEFAULT);
        return folder.toAbsolutePath().normalize();
    }

    private void look(Path folder) {
        try {
            TrustedCertificates now = TrustedCertificates.read(folder);
            // Twice the same, since a file may be half written.
            if (now.equals(seen) && !now.equals(trust.certificates())) {
                trust.take(now);
            }
            seen = now;
        } catch (RuntimeException | LinkageError e) {
            LoggerFactory.getLogger(Trust.class).error("The trust store {} cannot be watched.", folder, e);
        }
    }

    @Override
    public void stop(BundleContext context) throws InterruptedException {
        watch.shutdownNow();
        context.removeBundleListener(trust);
        if (context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).getState() != Bundle.STOPPING) {
            trust.end();
            records.ended("Signatures of bundles are not checked any more: start the bundle " + context.getBundle().getSymbolicName()
                    + " again.");
        }
        // First what is noted goes into the log, then the log goes.
        records.stop();
        auditLogs.close();
    }
}
