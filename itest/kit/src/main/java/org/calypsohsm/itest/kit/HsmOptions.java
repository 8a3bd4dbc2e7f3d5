package org.calypsohsm.itest.kit;

import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.cleanCaches;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.ops4j.pax.exam.Option;

/**
 * The container of a test: all bundles of the distribution with its configuration, unless these methods say otherwise.
 * They change the object and return it. It is made outside of the container; nothing of it is of use inside.
 */
public final class HsmOptions {

    /** Framework property: names of the modules that are configured, with commas between them. */
    static final String MODULES = "hsm.itest.modules";
    /** Framework property: {@code false} leaves modules as they are, so that no fault can be injected. */
    static final String FAULTS = "hsm.itest.faults";

    private static final String TRUST = "org.calypsohsm.trusting";
    /** Framework property: folder with the certificates that are trusted to sign bundles. */
    private static final String TRUST_STORE = "hsm.trust.store";
    private static final String TEST_STORE = "org.calypsohsm.keystore.test";
    private static final String DURABLE_STORE = "org.calypsohsm.keystore.durable";
    private static final String GROUPS = "groups";
    private static final String PIN = "258025";

    private final Distribution distribution;
    private final Set<String> without = new HashSet<>();
    private final List<Distribution.Jar> with = new ArrayList<>();
    private final List<Option> more = new ArrayList<>();
    private final List<Consumer<ConfigurationFile>> changes = new ArrayList<>();
    private ConfigurationFile configuration;
    private Path folder;
    private Path trustStore;
    private boolean features;
    private boolean faults = true;

    private HsmOptions(Distribution distribution) {
        this.distribution = distribution;
    }

    /**
     * The distribution that the system property {@code hsm.home}, or else the environment variable {@code HSM_HOME}, names.
     *
     * @return the container
     * @throws IllegalStateException if there is none; the message says what to do
     */
    public static HsmOptions distribution() {
        return new HsmOptions(Distribution.locate());
    }

    /**
     * A distribution in a folder.
     *
     * @param home folder of the unpacked distribution
     * @return the container
     * @throws IllegalStateException if there is none; the message says what to do
     */
    public static HsmOptions distribution(Path home) {
        return new HsmOptions(Distribution.at(home));
    }

    /**
     * Begins with the configurations of a file in place of the distribution's {@code conf/hsm.json}.
     *
     * @param file a Configurator file
     * @return this
     */
    public HsmOptions configuration(Path file) {
        configuration = ConfigurationFile.read(file);
        return this;
    }

    /**
     * Begins with configurations from a text in place of the distribution's {@code conf/hsm.json}.
     *
     * @param json what a Configurator file holds, with its three properties {@code :configurator:...}
     * @return this
     */
    public HsmOptions configuration(String json) {
        configuration = ConfigurationFile.parse(json, "the test");
        return this;
    }

    /**
     * Adds a configuration, or properties to one that is there.
     *
     * @param pid        PID, as in {@code org.calypsohsm.provider.pcis3~main}
     * @param properties its properties
     * @return this
     */
    public HsmOptions configure(String pid, Map<String, ?> properties) {
        changes.add(file -> file.merge(pid, properties));
        return this;
    }

    /**
     * Takes configurations away.
     *
     * @param pids their PIDs
     * @return this
     */
    public HsmOptions withoutConfiguration(String... pids) {
        changes.add(file -> file.configurations().keySet().removeAll(List.of(pids)));
        return this;
    }

    /**
     * Leaves bundles of the distribution out.
     *
     * @param symbolicNames their symbolic names
     * @return this
     * @throws IllegalArgumentException if the distribution has no such bundle
     */
    public HsmOptions without(String... symbolicNames) {
        List<String> present = distribution.bundles(features).stream().map(Distribution.Jar::symbolicName).toList();
        for (String name : symbolicNames) {
            if (!present.contains(name)) {
                throw new IllegalArgumentException("The distribution has no bundle " + name + " to leave out, only " + present + ".");
            }
            without.add(name);
        }
        return this;
    }

    /**
     * Adds bundles, such as the provider, product or server that is tested.
     *
     * @param jars their files
     * @return this
     * @throws IllegalStateException if one is no bundle
     */
    public HsmOptions with(Path... jars) {
        Arrays.stream(jars).map(Path::toAbsolutePath).map(Distribution.Jar::of).forEach(with::add);
        return this;
    }

    /**
     * Keeps the keys in a durable store in place of the one in memory. It lies in a temporary folder that goes with the test,
     * and is opened by a software token as soon as the container starts. It has the same groups of public test keys.
     *
     * @return this
     */
    public HsmOptions durable() {
        changes.add(file -> {
            Map<String, Object> test = file.configurations().remove(TEST_STORE);
            Object groups = test == null || test.get(GROUPS) == null ? new Integer[] {0} : test.get(GROUPS);
            file.merge(DURABLE_STORE, Map.of("directory", folder().resolve("keys").toString(), "testGroups", groups));
            file.merge("org.calypsohsm.startup", Map.of("tokenDirectory", folder().toString()));
            file.merge("org.calypsohsm.startup.unattended~main", Map.of("store", "main", "pinFile", pin(), "token", "software"));
        });
        return this;
    }

    /**
     * Keeps an audit log, in a temporary folder that goes with the test.
     *
     * @return this
     */
    public HsmOptions auditLog() {
        changes.add(file -> file.merge("org.calypsohsm.auditlog",
                Map.of("directory", folder().resolve("audit").toString(), "pinFile", pin())));
        return this;
    }

    /**
     * Leaves modules exactly as their providers register them, so that no fault can be injected. Otherwise a layer of the kit
     * lies over each of them, which does nothing until a test asks for a fault.
     *
     * @return this
     */
    public HsmOptions withoutFaults() {
        faults = false;
        return this;
    }

    /**
     * Has the feature manager install providers and products, from a copy of the distribution's repository, in the folder
     * that the framework property {@code hsm.home} names. Otherwise they are installed as bundles, and there is no feature manager.
     *
     * @return this
     */
    public HsmOptions features() {
        features = true;
        return this;
    }

    /**
     * Trusts the certificates of a folder in place of the distribution's {@code conf/trust}: only bundles that one of them
     * signed become providers and product plugins.
     *
     * @param certificates folder with certificates, PEM or DER
     * @return this
     */
    public HsmOptions trustStore(Path certificates) {
        trustStore = certificates.toAbsolutePath();
        return this;
    }

    /**
     * Leaves out the check who signed, so that unsigned bundles become providers and product plugins: for a bundle that is
     * still being written.
     *
     * @return this
     */
    public HsmOptions withoutTrust() {
        return without(TRUST);
    }

    /**
     * Adds whatever else Pax Exam can do.
     *
     * @param options options of Pax Exam
     * @return this
     */
    public HsmOptions options(Option... options) {
        more.addAll(List.of(options));
        return this;
    }

    private String pin() {
        try {
            return Files.writeString(folder().resolve("pin"), PIN).toString();
        } catch (IOException e) {
            throw new UncheckedIOException("The PIN file of the test cannot be written: " + e.getMessage(), e);
        }
    }

    /** The folder of this test: in target where there is one, so that nothing lies about after a crash. */
    private Path folder() {
        if (folder == null) {
            try {
                Path target = Path.of("target").toAbsolutePath();
                folder = Files.isDirectory(target) ? Files.createTempDirectory(target, "hsm-test-")
                        : Files.createTempDirectory("hsm-test-");
            } catch (IOException e) {
                throw new UncheckedIOException("No temporary folder can be made: " + e.getMessage(), e);
            }
            Path made = folder;
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made), "hsm-test-folder"));
        }
        return folder;
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            System.err.println("The temporary folder " + folder + " stays: " + e.getMessage());
        }
    }

    /**
     * Gives what Pax Exam takes.
     *
     * @return the options of the container
     */
    public Option[] toOptions() {
        ConfigurationFile file = configuration != null ? configuration
                : ConfigurationFile.read(distribution.configuration());
        changes.forEach(change -> change.accept(file));
        Path written = folder().resolve("hsm.json");
        file.write(written);
        List<Option> options = new ArrayList<>();
        options.add(junitBundles());
        options.add(cleanCaches(true));
        options.add(frameworkProperty("configurator.initial").value(written.toUri().toString()));
        // A shell on the standard input of the tests would stop the container at its end.
        options.add(frameworkProperty("gosh.args").value("--nointeractive"));
        // Jetty opens no port unless a gateway is configured, as in the launcher.
        options.add(frameworkProperty("org.apache.felix.http.require.config").value("true"));
        if (features) {
            distribution.copyFeatures(folder());
            options.add(frameworkProperty("hsm.home").value(folder().toString()));
            // An update runs beside what it takes the place of, as in the launcher.
            options.add(frameworkProperty("org.osgi.framework.bsnversion").value("multiple"));
        }
        options.add(frameworkProperty(MODULES).value(String.join(",", file.modules())));
        options.add(frameworkProperty(FAULTS).value(Boolean.toString(faults)));
        options.add(frameworkProperty(TRUST_STORE).value(trustStore != null ? trustStore.toString()
                : System.getProperty(TRUST_STORE, distribution.trustStore().toString())));
        options.add(systemProperty("logback.configurationFile").value(System.getProperty("logback.configurationFile",
                distribution.logging().toUri().toString())));
        options.add(bundle(kit()).startLevel(Distribution.kitLevel()));
        Stream.concat(distribution.bundles(features).stream(), with.stream()).filter(jar -> !without.contains(jar.symbolicName()))
                .forEach(jar -> options.add(bundle(jar.file().toUri().toString()).startLevel(jar.level())));
        options.addAll(more);
        return options.toArray(Option[]::new);
    }

    /** The kit itself, which is a bundle in the container too. */
    private static String kit() {
        try {
            Path kit = Path.of(HsmOptions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (Files.isRegularFile(kit)) {
                return kit.toUri().toString();
            }
            throw new IllegalStateException("The tester kit in " + kit + " is no jar, and only a jar is a bundle:"
                    + " run the test with Maven (./mvnw verify), or put the jar of itest/kit on the class path.");
        } catch (URISyntaxException e) {
            throw new IllegalStateException("The tester kit cannot tell where its own jar lies.", e);
        }
    }
}
