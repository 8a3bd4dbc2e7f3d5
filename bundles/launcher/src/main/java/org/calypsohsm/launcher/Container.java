package org.calypsohsm.launcher;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleRevision;

/** The OSGi framework with all bundles of a distribution. Its storage is a temporary folder that goes when it closes. */
final class Container implements AutoCloseable {

    private static final int EARLY = 1;
    private static final int LIBRARIES = 2;
    private static final int PLATFORM = 3;
    /** What weaves and what it needs must be there before the first class that is woven is loaded. */
    private static final List<String> EARLY_BUNDLES =
            List.of("org.apache.aries.spifly.", "org.objectweb.asm", "org.eclipse.parsson", "ch.qos.logback.");
    /** It must be there before the first service that it may have to hide. */
    private static final String TRUST = "org.calypsohsm.trusting";
    /** Property of the framework, and of the system: the folder with the certificates that are trusted. */
    private static final String TRUST_STORE = "hsm.trust.store";
    private static final List<String> LIBRARY_BUNDLES = List.of("jakarta.json-api", "slf4j.api", "org.apache.felix.log", "org.apache.felix.logback");
    private static final long STOP_MILLIS = 20_000;
    /** SPI-Fly tells of each service it finds; held here, since the JDK may forget a logger's level otherwise. */
    private static final Logger SPI_FLY = Logger.getLogger("org.apache.aries.spifly");

    private final Framework framework;
    private final Path storage;
    private final Map<Bundle, String> problems = new ConcurrentHashMap<>();
    private final Thread stopHook = new Thread(this::close, "hsm-stop");

    private Container(Framework framework, Path storage) {
        this.framework = framework;
        this.storage = storage;
    }

    /**
     * Starts a container. It also closes when the process is told to end.
     *
     * @param distribution  where the bundles lie
     * @param configuration the Configurator file to begin with
     * @return the container with all bundles started, as far as they could be
     */
    static Container start(Distribution distribution, Path configuration) throws LauncherException {
        return start(distribution, configuration, Map.of(), jar -> true);
    }

    /**
     * Starts a container that shares packages with the process around it.
     *
     * @param distribution  where the bundles lie
     * @param configuration the Configurator file to begin with
     * @param more          further properties of the framework
     * @param wanted        which jars of the distribution are installed
     * @return the container with all bundles started, as far as they could be
     */
    static Container start(Distribution distribution, Path configuration, Map<String, String> more, Predicate<Path> wanted)
            throws LauncherException {
        SPI_FLY.setLevel(Level.WARNING);
        try {
            Path storage = Files.createTempDirectory("hsm-");
            Map<String, String> properties = properties(storage, distribution, configuration);
            properties.putAll(more);
            Framework framework = ServiceLoader.load(FrameworkFactory.class, Container.class.getClassLoader()).findFirst()
                    .orElseThrow(() -> new LauncherException("The launcher's jar holds no OSGi framework; build it again."))
                    .newFramework(properties);
            Container container = new Container(framework, storage);
            Runtime.getRuntime().addShutdownHook(container.stopHook);
            container.run(distribution.bundles().stream().filter(wanted).toList());
            return container;
        } catch (IOException | BundleException e) {
            throw new LauncherException("The container does not start: " + e.getMessage() + ".", e);
        }
    }

    private static Map<String, String> properties(Path storage, Distribution distribution, Path configuration) {
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, storage.toString());
        properties.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(PLATFORM));
        properties.put("configurator.initial", configuration.toUri().toString());
        // Gogo starts no shell on the terminal by itself; the one of hsm start --shell reads the folder etc of the distribution.
        properties.put("gosh.args", "--nointeractive");
        properties.put("gosh.home", distribution.home().toString());
        properties.put(TRUST_STORE, System.getProperty(TRUST_STORE, distribution.configuration("trust").toString()));
        properties.put(Distribution.HOME, distribution.home().toString());
        // An update runs beside what it takes the place of, also if it is another build of the same version.
        properties.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
        // Jetty, a part of the feature gateway, would otherwise begin with an open port for everybody.
        properties.put("org.apache.felix.http.require.config", "true");
        // Problems reach the user through the framework's events, with reasons; its own log would say them twice.
        properties.put("felix.log.level", "0");
        return properties;
    }

    private void run(List<Path> jars) throws BundleException, IOException {
        framework.init();
        BundleContext context = framework.getBundleContext();
        context.addFrameworkListener(this::note);
        List<Bundle> bundles = new ArrayList<>();
        for (Path jar : jars) {
            // Not by reference: a build may replace the jar while the container runs.
            try (InputStream in = new BufferedInputStream(Files.newInputStream(jar))) {
                Bundle bundle = context.installBundle(jar.toUri().toString(), in);
                bundle.adapt(BundleStartLevel.class).setStartLevel(startLevel(bundle.getSymbolicName()));
                bundles.add(bundle);
            }
        }
        for (Bundle bundle : bundles) {
            if (!isFragment(bundle)) {
                bundle.start(Bundle.START_ACTIVATION_POLICY);
            }
        }
        framework.start();
    }

    private void note(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.ERROR) {
            problems.put(event.getBundle(), String.valueOf(event.getThrowable().getMessage()));
        }
    }

    private static int startLevel(String bundle) {
        return bundle.equals(TRUST) || EARLY_BUNDLES.stream().anyMatch(bundle::startsWith) ? EARLY
                : LIBRARY_BUNDLES.contains(bundle) ? LIBRARIES : PLATFORM;
    }

    static boolean isFragment(Bundle bundle) {
        return (bundle.adapt(BundleRevision.class).getTypes() & BundleRevision.TYPE_FRAGMENT) != 0;
    }

    BundleContext context() {
        return framework.getBundleContext();
    }

    /** @return why a bundle did not start, or null if nothing is known */
    String problem(Bundle bundle) {
        return problems.get(bundle);
    }

    /** @return false once the framework stops */
    boolean isRunning() {
        return framework.getState() == Bundle.ACTIVE;
    }

    /** Tells the framework to stop; it does so on its own thread. */
    void stop() {
        try {
            framework.stop();
        } catch (BundleException e) {
            System.err.println("hsm: the container did not stop cleanly: " + e.getMessage());
        }
    }

    /** Waits until somebody stops the framework. */
    void awaitStop() throws InterruptedException {
        framework.waitForStop(0);
    }

    @Override
    public synchronized void close() {
        stop();
        try {
            framework.waitForStop(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        delete(storage);
        try {
            Runtime.getRuntime().removeShutdownHook(stopHook);
        } catch (IllegalStateException e) {
            // The process ends: it is the hook that closes.
            return;
        }
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.err.println("hsm: the temporary folder " + folder + " stays: " + e.getMessage());
        }
    }
}
