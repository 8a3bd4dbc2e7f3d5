package org.calypsohsm.itest.keyple;

import java.io.IOException;
import java.util.Dictionary;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.osgi.framework.BundleContext;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.util.tracker.ServiceTracker;

/** The platform in the container: one module for each form of SAM, and two that serve one key group together. */
final class Platform {

    /** Key groups; the first three have a module of their own, by which a test chooses the form of SAM. */
    static final int HSM_C1 = 1;
    static final int S1E1 = 2;
    static final int S1D = 3;
    static final int SHARED = 4;

    private static final String PCI_S3 = "org.calypsohsm.provider.pcis3";
    private static final String SAM_S20 = "org.calypsohsm.provider.sams20";
    private static final Set<String> MODULES = Set.of("hsm", "e1", "d", "north", "south");
    private static final long TIMEOUT_MILLIS = 20_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final ChannelManager manager;

    private Platform(ChannelManager manager) {
        this.manager = manager;
    }

    /** Configures the platform and waits until all modules serve. */
    static Platform start(BundleContext context) throws IOException, InterruptedException {
        ConfigurationAdmin admin = service(context, ConfigurationAdmin.class);
        admin.getConfiguration("org.calypsohsm.keystore.test", "?")
                .updateIfDifferent(properties(Map.of("groups", new int[] {HSM_C1, S1E1, S1D, SHARED})));
        configure(admin, PCI_S3, "hsm", "B0000001", "HSM_C1", HSM_C1);
        configure(admin, PCI_S3, "e1", "B0000002", "S1E1", S1E1);
        configure(admin, PCI_S3, "d", "B0000003", "S1D", S1D);
        configure(admin, PCI_S3, "north", "B0000004", "HSM_C1", SHARED);
        configure(admin, SAM_S20, "south", "C0000001", "HSM_C1", SHARED);
        ChannelManager manager = service(context, ChannelManager.class);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS);
        while (!serving(manager).equals(MODULES)) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("Not all modules serve: " + manager.modules());
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return new Platform(manager);
    }

    private static Set<String> serving(ChannelManager manager) {
        Set<String> names = new HashSet<>();
        for (ModuleReport report : manager.modules()) {
            if (report.state().equals("OPERATIONAL")) {
                names.add(report.name());
            }
        }
        return names;
    }

    private static void configure(ConfigurationAdmin admin, String provider, String name, String serialNumber, String form, int keyGroup)
            throws IOException {
        admin.getFactoryConfiguration(provider, name, "?").updateIfDifferent(properties(Map.of("hsm.module.name", name,
                "serialNumber", serialNumber, "form", form, "keyGroups", new int[] {keyGroup})));
    }

    private static Dictionary<String, Object> properties(Map<String, Object> values) {
        return new Hashtable<>(values);
    }

    private static <T> T service(BundleContext context, Class<T> type) throws InterruptedException {
        ServiceTracker<T, T> tracker = new ServiceTracker<>(context, type, null);
        tracker.open();
        T service = tracker.waitForService(TIMEOUT_MILLIS);
        if (service == null) {
            throw new AssertionError("No service " + type.getName() + " came up.");
        }
        return service;
    }

    ChannelManager manager() {
        return manager;
    }

    Channel open(int keyGroup) throws ChannelException, InterruptedException {
        return manager.open(ChannelRequest.forKeyGroup(keyGroup));
    }
}
