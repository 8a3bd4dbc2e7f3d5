package org.calypsohsm.itest.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The command {@code hsm} in a process of its own, with a folder of its own for temporary files. */
final class HsmProcess implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final Path errors;
    private final CompletableFuture<String> firstLine = new CompletableFuture<>();
    private final CompletableFuture<String> output;

    /**
     * Starts the command.
     *
     * @param home        distribution
     * @param work        an empty folder
     * @param environment variables to set
     * @param arguments   its command line
     */
    HsmProcess(Path home, Path work, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(home.resolve("hsm").toString()));
        command.addAll(List.of(arguments));
        errors = work.resolve("errors.txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("HSM_JAVA_OPTS", "-Djava.io.tmpdir=" + Files.createDirectories(temporary(work)));
        builder.environment().putAll(environment);
        process = builder.start();
        output = CompletableFuture.supplyAsync(this::read);
    }

    static Path temporary(Path work) {
        return work.resolve("tmp");
    }

    private String read() {
        StringBuilder text = new StringBuilder();
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                firstLine.complete(line);
                text.append(line).append('\n');
            }
        } catch (IOException e) {
            text.append(e);
        }
        firstLine.complete("");
        return text.toString();
    }

    /** Types lines, and then the end of the input. */
    void type(String... lines) throws IOException {
        try (Writer input = process.outputWriter()) {
            for (String line : lines) {
                input.write(line + "\n");
            }
        }
    }

    /** Waits for the first line of standard output; empty if the process ended without one. */
    String firstLine() throws InterruptedException, ExecutionException, TimeoutException {
        return firstLine.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits for the end. */
    int exitCode() throws InterruptedException, TimeoutException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new TimeoutException("The command does not end.");
        }
        return process.exitValue();
    }

    /** @return standard output, all of it */
    String output() throws InterruptedException, ExecutionException, TimeoutException {
        return output.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** @return standard error so far */
    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
