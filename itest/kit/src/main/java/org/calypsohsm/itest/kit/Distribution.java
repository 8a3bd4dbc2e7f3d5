package org.calypsohsm.itest.kit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import org.osgi.framework.Constants;

/**
 * The folder with the platform: which bundles it has, on which start levels they run, and its configuration.
 *
 * @param home the folder
 */
record Distribution(Path home) {

    /** System property, and in capitals with underscores an environment variable, with the folder. */
    static final String HOME = "hsm.home";

    private static final String HOME_VARIABLE = "HSM_HOME";
    private static final String FEATURE_MANAGER = "org.calypsohsm.features";
    private static final int EARLY = 1;
    private static final int LIBRARIES = 2;
    private static final int PLATFORM = 3;
    /** What weaves and what it needs comes before the first class that is woven, what hides services before the first service. */
    private static final List<String> EARLY_BUNDLES =
            List.of("org.apache.aries.spifly.", "org.objectweb.asm", "org.eclipse.parsson", "ch.qos.logback.",
                    "org.calypsohsm.trusting");
    private static final List<String> LIBRARY_BUNDLES =
            List.of("jakarta.json-api", "slf4j.api", "org.apache.felix.log", "org.apache.felix.logback");

    /**
     * A bundle of the distribution.
     *
     * @param level its start level
     */
    record Jar(Path file, String symbolicName, int level) {

        static Jar of(Path file) {
            try (JarFile jar = new JarFile(file.toFile())) {
                String name = jar.getManifest() == null ? null
                        : jar.getManifest().getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
                if (name == null) {
                    throw new IllegalStateException("The jar " + file + " is no OSGi bundle: its manifest has no "
                            + Constants.BUNDLE_SYMBOLICNAME + ". Build it with bnd, or leave it out.");
                }
                String symbolicName = name.split(";", 2)[0].strip();
                return new Jar(file, symbolicName, startLevel(symbolicName));
            } catch (IOException e) {
                throw new UncheckedIOException("The jar " + file + " cannot be read: " + e.getMessage(), e);
            }
        }
    }

    static Distribution locate() {
        String home = System.getProperty(HOME, System.getenv(HOME_VARIABLE));
        if (home == null) {
            throw new IllegalStateException("Where is the platform? Set the system property " + HOME + " (or the environment variable "
                    + HOME_VARIABLE + ") to an unpacked distribution, the folder with the script hsm and the folder bundle;"
                    + " in a source checkout that is feature-repo/target/dist after ./mvnw package.");
        }
        return at(Path.of(home));
    }

    static Distribution at(Path folder) {
        Path home = folder.toAbsolutePath().normalize();
        if (!Files.isDirectory(home.resolve("bundle"))) {
            throw new IllegalStateException("The folder " + home + " is no distribution of the platform: it has no subfolder bundle."
                    + " Unpack one there, build it (./mvnw package), or set " + HOME + " to another folder.");
        }
        return new Distribution(home);
    }

    /**
     * Lists the bundles that the container runs; the one place that knows where they lie.
     *
     * @param featureManager true if it installs features; otherwise the bundles of those that the distribution begins with are
     *                       installed as bundles
     */
    List<Jar> bundles(boolean featureManager) {
        List<Jar> base = jars("bundle");
        if (featureManager) {
            return base;
        }
        Set<String> installed = ofFeatures();
        return Stream.concat(base.stream().filter(jar -> !jar.symbolicName().equals(FEATURE_MANAGER)),
                jars("repo").stream().filter(jar -> installed.contains(jar.file().getFileName().toString()))).toList();
    }

    /** @return the names of the jars of the features that the distribution begins with */
    private Set<String> ofFeatures() {
        Set<String> names = new HashSet<>();
        if (!Files.isDirectory(home.resolve("feature"))) {
            return names;
        }
        try (Stream<Path> files = Files.list(home.resolve("feature"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".json")).toList()) {
                try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
                    for (JsonObject bundle : reader.readObject().getJsonArray("bundles").getValuesAs(JsonObject.class)) {
                        names.add(jar(bundle.getString("id").split(":")));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The folder " + home.resolve("feature") + " cannot be read: " + e.getMessage(), e);
        }
        return names;
    }

    /** As Maven names it: group, artifact, then perhaps type and classifier, and the version. */
    private static String jar(String[] id) {
        return id[1] + "-" + id[id.length - 1] + (id.length > 4 ? "-" + id[3] : "") + ".jar";
    }

    private List<Jar> jars(String folder) {
        if (!Files.isDirectory(home.resolve(folder))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(home.resolve(folder))) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().map(Jar::of).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("The folder " + home.resolve(folder) + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Copies the repository and what is installed of it, so that a test changes nothing for others. */
    void copyFeatures(Path target) {
        for (String folder : List.of("repo", "feature")) {
            try (Stream<Path> files = Files.list(home.resolve(folder))) {
                Path to = Files.createDirectories(target.resolve(folder));
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            } catch (IOException e) {
                throw new UncheckedIOException("The folder " + home.resolve(folder) + " cannot be copied: " + e.getMessage(), e);
            }
        }
    }

    /** Start level of the kit: its hooks are there before any bundle of the platform starts. */
    static int kitLevel() {
        return LIBRARIES;
    }

    private static int startLevel(String bundle) {
        return EARLY_BUNDLES.stream().anyMatch(bundle::startsWith) ? EARLY : LIBRARY_BUNDLES.contains(bundle) ? LIBRARIES : PLATFORM;
    }

    Path configuration() {
        return home.resolve("conf/hsm.json");
    }

    Path logging() {
        return home.resolve("conf/logback.xml");
    }

    /** @return folder with the certificates that are trusted to sign bundles, where bundles have to be signed */
    Path trustStore() {
        return home.resolve("conf/trust");
    }
}
