package org.calypsohsm.itest.card;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The command {@code hsm card} of the distribution, in a process of its own, with the public test keys. */
final class Card implements AutoCloseable {

    private static final Path HOME = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();

    private final Path folder;
    private final String serialNumber;
    private final String provider;
    private Process process;

    /** @param folder for its socket, its log and its temporary files */
    Card(Path folder, String serialNumber) throws IOException {
        this(folder, serialNumber, "\"org.calypsohsm.provider.pcis3~card\": {");
    }

    /** @param provider the beginning of the configuration of its module */
    Card(Path folder, String serialNumber, String provider) throws IOException {
        this.provider = provider;
        this.folder = Files.createDirectories(folder);
        this.serialNumber = serialNumber;
    }

    Path socket() {
        return folder.resolve("socket");
    }

    String serialNumber() {
        return serialNumber;
    }

    /** Starts it, and waits until it serves. */
    void start() throws IOException {
        Path configuration = Files.writeString(folder.resolve("card.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.card",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.test": {"groups": [0]},
                  %s"hsm.module.name": "card", "model": 1000, "serialNumber": "%s"},
                  "org.calypsohsm.cardserver~card": {}
                }
                """.formatted(provider, serialNumber));
        ProcessBuilder builder = new ProcessBuilder(HOME.resolve("hsm").toString(), "card", "--socket", socket().toString(),
                "--conf", configuration.toString(), "--timeout", "60").redirectError(log().toFile());
        builder.environment().put("HSM_JAVA_OPTS", "-Xmx300m -Djava.io.tmpdir=" + folder);
        process = builder.start();
        BufferedReader output = process.inputReader();
        String first = output.readLine();
        if (first == null || !first.startsWith("Ready")) {
            throw new IOException("The card did not come up: " + Files.readString(log()));
        }
    }

    private Path log() {
        return folder.resolve("log.txt");
    }

    String errors() throws IOException {
        return Files.readString(log());
    }

    long pid() {
        return process.pid();
    }

    /** Kills it as kill -9 does, and waits for its end. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends a signal, as in {@code STOP}. */
    void signal(String name) throws IOException, InterruptedException {
        if (new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor() != 0) {
            throw new IOException("The signal " + name + " was not sent.");
        }
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
