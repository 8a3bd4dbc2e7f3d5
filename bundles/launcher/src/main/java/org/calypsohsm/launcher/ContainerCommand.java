package org.calypsohsm.launcher;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.Callable;

import org.apache.felix.cm.json.io.Configurations;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that needs the container. */
@Command(mixinStandardHelpOptions = true, optionListHeading = "%nOptions:%n", sortOptions = false)
abstract class ContainerCommand implements Callable<Integer> {

    /** System property, set by the script: microseconds since 1970 when it started the JVM. */
    private static final String STARTED = "hsm.started";

    private final String defaultConfiguration;
    private final int fewestModules;
    private final Instant begun = Instant.now();

    @Spec
    private CommandSpec spec;

    @Option(names = "--conf", paramLabel = "FILE",
            description = "Configuration to begin with: modules, key store (default: the file of the distribution).")
    private Path configuration;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "10",
            description = "How long to wait for modules and products (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Override
    public final Integer call() throws LauncherException, InterruptedException {
        check(timeoutSeconds > 0, "--timeout is at least 1 s, not " + timeoutSeconds);
        check();
        Distribution distribution = Distribution.locate();
        Path file = configuration == null ? distribution.configuration(defaultConfiguration()) : configuration;
        check(Files.isReadable(file), "--conf names no file that can be read: " + file);
        System.setProperty("logback.configurationFile",
                System.getProperty("logback.configurationFile", distribution.configuration("logback.xml").toUri().toString()));
        Set<String> pids = pids(file);
        try (Container container = Container.start(distribution, file)) {
            Platform platform = new Platform(container, pids);
            for (String missing : platform.awaitReady(fewestModules, timeout())) {
                System.err.println("hsm: " + missing);
            }
            return run(platform);
        }
    }

    static Set<String> pids(Path file) throws LauncherException {
        try (Reader reader = Files.newBufferedReader(file)) {
            return Set.copyOf(Configurations.buildReader().withIdentifier(file.toString()).build(reader)
                    .readConfigurationResource().getConfigurations().keySet());
        } catch (IOException e) {
            throw new LauncherException("The configuration " + file + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    /**
     * Makes the command.
     *
     * @param defaultConfiguration file of the folder conf
     * @param fewestModules        how many modules it needs, if fewer are configured
     */
    ContainerCommand(String defaultConfiguration, int fewestModules) {
        this.defaultConfiguration = defaultConfiguration;
        this.fewestModules = fewestModules;
    }

    /** @return file of the folder conf, unless the user names another */
    String defaultConfiguration() {
        return defaultConfiguration;
    }

    final Duration timeout() {
        return Duration.ofSeconds(timeoutSeconds);
    }

    /** @return the time since the command was given, JVM included; without the script, since its options were read */
    final Duration uptime() {
        // The JDK knows the start of the process to a second only.
        long micros = Long.getLong(STARTED, 0);
        return Duration.between(micros == 0 ? begun : Instant.EPOCH.plus(micros, ChronoUnit.MICROS), Instant.now());
    }

    final void check(boolean right, String mistake) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), mistake + ".");
        }
    }

    /** Checks the options, before the container starts. */
    void check() {
    }

    /**
     * Does the work of the command.
     *
     * @return the exit code
     */
    abstract int run(Platform platform) throws LauncherException, InterruptedException;
}
