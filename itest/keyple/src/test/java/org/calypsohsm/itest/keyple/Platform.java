package org.calypsohsm.itest.keyple;

import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.cleanCaches;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.ops4j.pax.exam.Option;
import org.osgi.framework.FrameworkUtil;
import org.osgi.util.tracker.ServiceTracker;

/** The platform in the container: the bundles of the distribution, configured by keyple.json. */
final class Platform {

    /** Key groups of keyple.json: the first three choose the form of SAM, two modules share the last. */
    static final int HSM_C1 = 1;
    static final int S1E1 = 2;
    static final int S1D = 3;
    static final int SHARED = 4;

    private static final Set<String> MODULES = Set.of("hsm", "e1", "d", "north", "south");
    private static final int EARLY = 1;
    private static final int LIBRARIES = 2;
    private static final int PLATFORM = 3;
    private static final long PATIENCE_MILLIS = 20_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final ChannelManager manager;

    private Platform(ChannelManager manager) {
        this.manager = manager;
    }

    /** The container: the distribution's bundles on the start levels of the launcher, and the client's bundle. */
    static Option[] container() {
        Path home = Path.of(System.getProperty("hsm.home")).normalize();
        List<Option> options = new ArrayList<>(List.of(junitBundles(), cleanCaches(true),
                // A shell on the standard input of the tests would stop the container at its end.
                frameworkProperty("gosh.args").value("--nointeractive"),
                frameworkProperty("configurator.initial").value(Path.of(System.getProperty("itest.configuration")).toUri().toString()),
                bundle(Path.of(System.getProperty("itest.bundle")).toUri().toString()).startLevel(PLATFORM)));
        // Providers and products without the feature manager, which would follow the folder of the distribution.
        try (Stream<Path> base = Files.list(home.resolve("bundle")); Stream<Path> features = Files.list(home.resolve("repo"))) {
            Stream.concat(base, features.filter(jar -> jar.getFileName().toString().matches("org\\.calypsohsm\\.(provider|product)\\..*"))).filter(jar -> jar.toString().endsWith(".jar"))
                    .filter(jar -> !jar.getFileName().toString().startsWith("org.calypsohsm.features")).sorted()
                    .forEach(jar -> options.add(bundle(jar.toUri().toString()).startLevel(level(jar.getFileName().toString()))));
        } catch (IOException e) {
            throw new UncheckedIOException("Build feature-repo first.", e);
        }
        return options.toArray(Option[]::new);
    }

    private static int level(String jar) {
        if (Stream.of("asm", "org.apache.aries.spifly", "parsson", "logback", "org.calypsohsm.trusting").anyMatch(jar::startsWith)) {
            return EARLY;
        }
        return Stream.of("jakarta.json", "slf4j-api", "org.apache.felix.log").anyMatch(jar::startsWith) ? LIBRARIES : PLATFORM;
    }

    /** Waits inside the container until all modules serve. */
    static Platform await() throws InterruptedException {
        ServiceTracker<ChannelManager, ChannelManager> tracker =
                new ServiceTracker<>(FrameworkUtil.getBundle(Platform.class).getBundleContext(), ChannelManager.class, null);
        tracker.open();
        ChannelManager manager = tracker.waitForService(PATIENCE_MILLIS);
        if (manager == null) {
            throw new AssertionError("No channel manager came up.");
        }
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
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

    ChannelManager manager() {
        return manager;
    }

    Channel open(int keyGroup) throws ChannelException, InterruptedException {
        return manager.open(ChannelRequest.forKeyGroup(keyGroup));
    }
}
