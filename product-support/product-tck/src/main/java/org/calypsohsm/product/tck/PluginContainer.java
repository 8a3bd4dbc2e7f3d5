package org.calypsohsm.product.tck;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.felix.framework.FrameworkFactory;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.util.function.Consumer;
import org.osgi.util.promise.Promise;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.LoggerFactory;

/**
 * A Felix of its own with declarative services and the virtual SAM. The classes of the API are those of the test, so that
 * the test can call what the bundles register; every other bundle of the class path is there to be used.
 */
final class PluginContainer implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 5000;
    /** Whose classes bundles and the test share. */
    private static final List<Class<?>> SHARED = List.of(SecurityPlugin.class, LoggerFactory.class, ServiceComponentRuntime.class,
            Promise.class, Consumer.class);
    private static final String SCR = "org.apache.felix.scr";
    private static final String SAM = "org.calypsohsm.sam";

    private final Path storage;
    private final Framework framework;
    private final SamEmulation emulation;

    private PluginContainer(Path storage, Framework framework, String tested) throws BundleException, IOException {
        this.storage = storage;
        this.framework = framework;
        framework.start();
        BundleContext context = framework.getBundleContext();
        for (Path jar : classPath()) {
            if (isNeeded(jar, tested)) {
                context.installBundle("reference:" + jar.toUri());
            }
        }
        for (String needed : List.of(SCR, SAM)) {
            Bundle bundle = Arrays.stream(context.getBundles()).filter(each -> needed.equals(each.getSymbolicName())).findFirst()
                    .orElseThrow(() -> new IllegalStateException("The class path of the test lacks the bundle " + needed + "."));
            bundle.start();
        }
        ServiceReference<SamEmulation> reference = context.getServiceReference(SamEmulation.class);
        emulation = context.getService(reference);
    }

    /**
     * Starts a container without the plugin.
     *
     * @param tested bundle of the plugin, which may be on the class path too
     * @return the container
     */
    static PluginContainer start(Path tested) throws BundleException, IOException {
        Path storage = Files.createTempDirectory("product-tck-");
        StringBuilder shared = new StringBuilder();
        for (Class<?> type : SHARED) {
            shared.append(shared.isEmpty() ? "" : ",").append(manifest(place(type)).getMainAttributes()
                    .getValue(Constants.EXPORT_PACKAGE));
        }
        return new PluginContainer(storage, new FrameworkFactory().newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, storage.toString(),
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT,
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, shared.toString(),
                "felix.log.level", "1",
                "ds.loglevel", "0")), symbolicName(tested));
    }

    private static Path place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Manifest manifest(Path place) throws IOException {
        if (Files.isDirectory(place)) {
            Path file = place.resolve(JarFile.MANIFEST_NAME);
            if (!Files.exists(file)) {
                return new Manifest();
            }
            try (InputStream in = Files.newInputStream(file)) {
                return new Manifest(in);
            }
        }
        try (JarFile jar = new JarFile(place.toFile())) {
            return jar.getManifest() == null ? new Manifest() : jar.getManifest();
        }
    }

    private static List<Path> classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
                .filter(path -> path.toString().endsWith(".jar") && Files.isRegularFile(path)).toList();
    }

    private static String symbolicName(Path jar) throws IOException {
        String name = manifest(jar).getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
        return name == null ? null : name.split(";")[0].trim();
    }

    /** Whether it is a bundle that the container does not have yet. */
    private static boolean isNeeded(Path jar, String tested) throws IOException {
        if (SHARED.stream().map(PluginContainer::place).anyMatch(jar::equals)) {
            return false;
        }
        String name = symbolicName(jar);
        return name != null && !name.equals(tested) && manifest(jar).getMainAttributes().getValue(Constants.FRAGMENT_HOST) == null
                && !name.startsWith("osgi.") && !name.startsWith("org.apache.felix.framework");
    }

    SamEmulation emulation() {
        return emulation;
    }

    /**
     * Installs and starts the plugin's bundle.
     *
     * @param jar the bundle
     * @return the bundle
     */
    Bundle install(Path jar) throws BundleException {
        Bundle bundle = framework.getBundleContext().installBundle(jar.toUri().toString());
        bundle.start();
        return bundle;
    }

    /**
     * Finds the service that a bundle registered.
     *
     * @param bundle the bundle, active
     * @return the service
     * @throws Rule.Violation if there is not exactly one, with the reason
     */
    ServiceReference<SecurityPlugin> plugin(Bundle bundle) throws InterruptedException, InvalidSyntaxException {
        BundleContext context = framework.getBundleContext();
        ServiceTracker<SecurityPlugin, SecurityPlugin> tracker = new ServiceTracker<>(context, context.createFilter(
                String.format("(&(objectClass=%s)(service.bundleid=%d))", SecurityPlugin.class.getName(), bundle.getBundleId())),
                null);
        tracker.open();
        try {
            tracker.waitForService(PATIENCE_MILLIS);
            int found = tracker.size();
            Rule.require(found == 1, "it has %d services of this type. %s", found, found == 0 ? why(bundle) : "");
            return tracker.getServiceReference();
        } finally {
            tracker.close();
        }
    }

    private String why(Bundle bundle) {
        BundleContext context = framework.getBundleContext();
        ServiceComponentRuntime runtime = context.getService(context.getServiceReference(ServiceComponentRuntime.class));
        var components = runtime.getComponentDescriptionDTOs(bundle);
        if (components.isEmpty()) {
            return "The bundle has no component: put @Component on the class, and build it with bnd.";
        }
        return components.stream().flatMap(each -> runtime.getComponentConfigurationDTOs(each).stream())
                .map(each -> "Component " + each.description.name + ": " + (each.failure == null
                        ? "references that nothing satisfies: " + each.unsatisfiedReferences.length
                        : each.failure.lines().filter(line -> line.contains("Caused by") || !line.startsWith("\t")).limit(3)
                                .collect(Collectors.joining(" "))))
                .collect(Collectors.joining("; "));
    }

    /**
     * Gives the service object, and lets go of the reference.
     *
     * @param reference the service
     * @return the plugin
     */
    SecurityPlugin get(ServiceReference<SecurityPlugin> reference) {
        return framework.getBundleContext().getService(reference);
    }

    void unget(ServiceReference<SecurityPlugin> reference) {
        framework.getBundleContext().ungetService(reference);
    }

    /** Uninstalls a bundle, and refreshes, so that no class of it can be loaded any more. */
    void uninstall(Bundle bundle) throws BundleException, InterruptedException {
        bundle.uninstall();
        CountDownLatch refreshed = new CountDownLatch(1);
        framework.adapt(FrameworkWiring.class).refreshBundles((Collection<Bundle>) null, event -> refreshed.countDown());
        refreshed.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Reads the manifest of a jar. */
    static Manifest manifestOf(Path jar) throws IOException {
        return manifest(jar);
    }

    /** Lists the entries of a jar. */
    static List<String> entriesOf(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            List<String> names = new ArrayList<>();
            file.stream().forEach(entry -> names.add(entry.getName()));
            return names;
        }
    }

    @Override
    public void close() throws BundleException, IOException {
        framework.stop();
        try {
            framework.waitForStop(PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(storage)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
