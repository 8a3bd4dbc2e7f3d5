package org.calypsohsm.provider.sams20pcsc;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * A Felix with the channel manager and the provider of SAM-S20 cards. The API comes from the class path of the test, so that
 * the test sees the services.
 */
final class Container {

    private static final List<String> BUNDLES = List.of("org.apache.felix.scr", "org.apache.felix.configadmin",
            "org.osgi.service.component-", "org.osgi.util.function", "org.osgi.util.promise", "org.calypsohsm.manager-",
            "org.calypsohsm.provider.sams20pcsc-");
    private static final String LIBRARIES = "org.slf4j;version=2.0.0,org.slf4j.event;version=2.0.0,org.slf4j.spi;version=2.0.0,"
            + "org.osgi.service.cm;version=1.6.1";
    private static final String PROVIDER = "org.calypsohsm.provider.sams20pcsc";

    private final Path storage = Files.createTempDirectory("pcsc-it");
    private final Framework framework;
    private final BundleContext context;

    Container() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, storage.toString(), Constants.FRAMEWORK_STORAGE_CLEAN, "onFirstInit",
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, exported(jar("org.calypsohsm.api-")) + "," + LIBRARIES));
        framework.start();
        context = framework.getBundleContext();
        List<Bundle> bundles = new ArrayList<>();
        for (String jar : BUNDLES) {
            bundles.add(context.installBundle(jar(jar).toUri().toString()));
        }
        for (Bundle bundle : bundles) {
            bundle.start();
        }
    }

    private static String exported(Path bundle) throws IOException {
        try (JarFile jar = new JarFile(bundle.toFile())) {
            return jar.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE);
        }
    }

    private static Path jar(String name) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
                .filter(path -> path.getFileName().toString().startsWith(name) && !path.toString().endsWith("-tests.jar"))
                .findFirst().orElseThrow(() -> new AssertionError("On the class path there is no jar " + name));
    }

    /** Configures a module for a card. */
    Configuration configure(String name, String serial, Map<String, Object> more) throws Exception {
        Dictionary<String, Object> properties = new Hashtable<>(Map.of("hsm.module.name", name, "serialNumber", serial, "reader",
                "Virtual PCD.*", "answerMillis", 20_000L));
        more.forEach(properties::put);
        Configuration configuration = service(ConfigurationAdmin.class).getFactoryConfiguration(PROVIDER, name, "?");
        configuration.update(properties);
        return configuration;
    }

    /** Removes a module, and waits until it is gone. */
    void remove(String name) throws Exception {
        service(ConfigurationAdmin.class).getFactoryConfiguration(PROVIDER, name, "?").delete();
        Awaitility.await().atMost(Cards.PATIENCE).until(() -> manager().modules().stream().noneMatch(report -> report.name().equals(name)));
    }

    ChannelManager manager() {
        return service(ChannelManager.class);
    }

    ModuleReport report(String name) {
        return manager().modules().stream().filter(report -> report.name().equals(name)).findFirst().orElse(null);
    }

    /** Waits for a state with a sentence of which a part is given. */
    ModuleReport await(String name, String state, String sentence) {
        return Awaitility.await().atMost(Cards.PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10))
                .until(() -> report(name), report -> report != null && report.state().equals(state)
                        && report.sentence().contains(sentence));
    }

    private <T> T service(Class<T> type) {
        Awaitility.await().atMost(Cards.PATIENCE).until(() -> reference(type) != null);
        return type.cast(context.getService(reference(type)));
    }

    /** All of them: Felix does not tell that the class path is the same for the framework and the bundle. */
    private ServiceReference<?> reference(Class<?> type) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type.getName(), null);
            return found == null ? null : found[0];
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    void close() throws Exception {
        framework.stop();
        framework.waitForStop(0);
    }
}
