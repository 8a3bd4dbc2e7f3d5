package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import org.calypsohsm.key.KeyStore;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.Startup;
import org.calypsohsm.startup.Startup.Shares;
import org.calypsohsm.startupcard.StartupCardProgram;
import org.calypsohsm.virtualreader.VirtualCard;
import org.calypsohsm.virtualreader.daemon.CardProcess;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * The bundle in a Felix of its own, with the components of the Service Component Runtime. The API comes from the class path
 * of the test, so that a store of the test is one for the bundle.
 */
class ContainerIT {

    private static final String PIN = "secret7";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<String> BUNDLES = List.of("org.apache.felix.scr", "org.apache.felix.configadmin",
            "org.osgi.service.component-", "org.osgi.util.function", "org.osgi.util.promise", "bcprov", "org.calypsohsm.startup-");
    private static final String LIBRARIES = "org.slf4j;version=2.0.0,org.osgi.service.cm;version=1.6.1";

    @TempDir
    Path folder;

    private final FakeStore store = new FakeStore("main");
    private PcscDaemon daemon;
    private CardProcess card;
    private Framework framework;
    private BundleContext context;
    private Bundle startupBundle;

    @BeforeEach
    void start() throws Exception {
        daemon = new PcscDaemon();
        framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString(),
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
        startupBundle = bundles.get(bundles.size() - 1);
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

    @AfterEach
    void stop() throws Exception {
        if (card != null) {
            card.close();
        }
        framework.stop();
        framework.waitForStop(0);
        daemon.close();
    }

    private <T> T service(Class<T> type) throws InvalidSyntaxException {
        await().atMost(PATIENCE).until(() -> reference(type) != null);
        return type.cast(context.getService(reference(type)));
    }

    /** All of them: Felix does not tell that the class path is the same for the framework and the bundle. */
    private ServiceReference<?> reference(Class<?> type) throws InvalidSyntaxException {
        ServiceReference<?>[] found = context.getAllServiceReferences(type.getName(), null);
        return found == null ? null : found[0];
    }

    private ServiceRegistration<LockedStore> register() {
        return context.registerService(LockedStore.class, store, new Hashtable<>(Map.of(KeyStore.NAME, "main")));
    }

    private void initialize(Startup startup) throws Exception {
        startup.initialize("main", new Shares(1, 1), (next, of) -> {
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                card = CardProcess.of(StartupCardProgram.class, Integer.toString(VirtualCard.FIRST_SLOT), "00000001");
                return true;
            });
            await().atMost(PATIENCE).until(() -> startup.readersWithCard().size() == 1);
            return PIN.toCharArray();
        });
    }

    @Test
    void aCardOpensTheStoreUnattendedEachTimeTheBundleStarts() throws Exception {
        Startup startup = service(Startup.class);
        assertThat(startup.stores()).isEmpty();
        register();
        assertThat(startup.stores()).hasSize(1);
        initialize(startup);
        startup.lock("main");
        Files.writeString(folder.resolve("pin"), PIN);
        Configuration configuration = service(ConfigurationAdmin.class)
                .getFactoryConfiguration("org.calypsohsm.startup.unattended", "main", "?");
        configuration.update(new Hashtable<>(Map.of("store", "main", "pinFile", folder.resolve("pin").toString())));
        await().atMost(PATIENCE).until(() -> store.status().isOpen());
        startupBundle.stop();
        assertThat(reference(Startup.class)).isNull();
        assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().equals("unattended restart"));
        store.lock("A test.");
        startupBundle.start();
        await().atMost(PATIENCE).until(() -> store.openings() == 2);
        assertThat(store.lastCardEpoch()).isEqualTo(2);
    }

    @Test
    void aPcscDaemonThatWasStartedAgainIsFound() throws Exception {
        assumeTrue(daemon.isOwn(), "The pcscd of the system is not stopped for a test.");
        Startup startup = service(Startup.class);
        register();
        initialize(startup);
        daemon.stop();
        assertThat(startup.readersWithCard()).isEmpty();
        card.close();
        daemon.startAgain();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            card = CardProcess.of(StartupCardProgram.class, Integer.toString(VirtualCard.FIRST_SLOT), "00000002");
            return true;
        });
        await().atMost(PATIENCE).until(() -> startup.readersWithCard().size() == 1);
    }

    @Test
    void aSoftwareTokenNeedsTheFolderInTheConfiguration() throws Exception {
        service(ConfigurationAdmin.class).getConfiguration("org.calypsohsm.startup", "?")
                .update(new Hashtable<>(Map.of("tokenDirectory", folder.toString())));
        register();
        Files.writeString(folder.resolve("pin"), "dev");
        service(ConfigurationAdmin.class).getFactoryConfiguration("org.calypsohsm.startup.unattended", "main", "?")
                .update(new Hashtable<>(Map.of("store", "main", "pinFile", folder.resolve("pin").toString(), "token", "software")));
        await().atMost(PATIENCE).until(() -> store.status().isOpen());
        assertThat(folder.resolve("main.p12")).exists();
    }
}
