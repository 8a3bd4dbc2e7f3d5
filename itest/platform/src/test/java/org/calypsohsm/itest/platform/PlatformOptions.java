package org.calypsohsm.itest.platform;

import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.cleanCaches;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.ops4j.pax.exam.Option;

/** The container of the tests: bundles and features of the distribution, with its configuration, on the start levels of the launcher. */
final class PlatformOptions {

    private static final int EARLY = 1;
    private static final int LIBRARIES = 2;
    private static final int PLATFORM = 3;

    private PlatformOptions() {
    }

    static Option[] distribution() {
        return distribution(home().resolve("conf/hsm.json"));
    }

    private static Path home() {
        return Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    }

    /** @param conf file with the configurations */
    static Option[] distribution(Path conf) {
        Path home = home();
        List<Option> options = new ArrayList<>();
        options.add(junitBundles());
        options.add(cleanCaches(true));
        options.add(frameworkProperty("configurator.initial").value(conf.toUri().toString()));
        // A shell on the standard input of the tests would stop the container at its end.
        options.add(frameworkProperty("gosh.args").value("--nointeractive"));
        // Where the feature manager finds providers and products; and two builds of one version run side by side, as in the launcher.
        options.add(frameworkProperty("hsm.home").value(home.toString()));
        options.add(frameworkProperty("org.osgi.framework.bsnversion").value("multiple"));
        options.add(systemProperty("logback.configurationFile").value(home.resolve("conf/logback.xml").toUri().toString()));
        try (Stream<Path> jars = Files.list(home.resolve("bundle"))) {
            jars.sorted().forEach(jar -> options.add(bundle(jar.toUri().toString()).startLevel(level(jar.getFileName().toString()))));
        } catch (IOException e) {
            throw new UncheckedIOException("Build feature-repo first: ./mvnw verify", e);
        }
        return options.toArray(Option[]::new);
    }

    private static int level(String jar) {
        if (Stream.of("asm", "org.apache.aries.spifly", "parsson", "logback").anyMatch(jar::startsWith)) {
            return EARLY;
        }
        return Stream.of("jakarta.json", "slf4j-api", "org.apache.felix.log").anyMatch(jar::startsWith) ? LIBRARIES : PLATFORM;
    }
}
