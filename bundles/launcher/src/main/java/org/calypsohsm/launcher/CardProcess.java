package org.calypsohsm.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A card process that a command starts for itself: {@code hsm card} in a temporary folder, which goes with it. */
final class CardProcess implements AutoCloseable {

    private static final long STOP_SECONDS = 10;
    /** Several processes start at once. */
    private static final String PATIENCE_SECONDS = "60";

    private final Path folder;
    private final Process process;

    /**
     * Starts a card with the public test keys; {@link #awaitReady()} waits for it.
     *
     * @param distribution where the bundles lie
     * @param model        number of channels: 100, 500, 1000 or 5000
     * @param serialNumber serial number
     */
    CardProcess(Distribution distribution, int model, int serialNumber) throws LauncherException {
        try {
            folder = Files.createTempDirectory("hsm-card-");
            Path configuration = Files.writeString(folder.resolve("card.json"), """
                    {
                      ":configurator:resource-version": 1,
                      ":configurator:symbolic-name": "org.calypsohsm.demo.card",
                      ":configurator:version": "1.0.0",
                      "org.calypsohsm.keystore.test": {"groups": [0]},
                      "org.calypsohsm.provider.pcis3~card": {"hsm.module.name": "card", "model": %d, "serialNumber": "%08X"},
                      "org.calypsohsm.cardserver~card": {}
                    }
                    """.formatted(model, serialNumber));
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            String options = System.getenv("HSM_JAVA_OPTS");
            if (options != null && !options.isBlank()) {
                command.addAll(List.of(options.trim().split("\\s+")));
            }
            command.addAll(List.of("-D" + Distribution.HOME + "=" + distribution.home(), "-jar",
                    distribution.home().resolve("lib/org.calypsohsm.launcher.jar").toString(), "card", "--socket",
                    socket().toString(), "--conf", configuration.toString(),
                    "--timeout", PATIENCE_SECONDS));
            process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new LauncherException("A card process cannot be started: " + e.getMessage() + ".", e);
        }
        // Also when the command is told to end.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "hsm-card-stop"));
    }

    /** Waits until it serves. */
    void awaitReady() throws LauncherException {
        // Not closed: the card would notice when it writes.
        BufferedReader output = process.inputReader();
        try {
            if (output.readLine() == null) {
                throw new LauncherException("A card process did not come up; the log says why.");
            }
        } catch (IOException e) {
            throw new LauncherException("A card process did not come up: " + e.getMessage() + ".", e);
        }
    }

    /** @return path of its socket */
    Path socket() {
        return folder.resolve("socket");
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Container.delete(folder);
    }
}
