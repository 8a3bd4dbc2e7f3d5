package org.calypsohsm.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Fuzzes the platform from the command line. */
@Command(name = "hsm fuzz", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "Drives complete flows through the whole platform, spoils them in every way, and checks every answer.",
    "Ends with exit code 1 at the first find, which it prints with all that is needed to repeat it."})
public final class FuzzRun implements Callable<Integer> {

    /** Shorter runs may miss a rare status word without a fault. */
    private static final long COMPLETE_FROM = 50_000;

    /** Where keys are. */
    enum Store {
        /** In memory. */
        memory,
        /** In a file, durable. */
        durable
    }

    @Option(names = "--count", paramLabel = "N", defaultValue = "10000000", description = "APDUs to send (default: ${DEFAULT-VALUE}).")
    private long count;

    @Option(names = "--seed", paramLabel = "N", description = "Where the random numbers begin; default: another each time.")
    private Long seed;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2",
            description = "Threads, each with a platform of its own (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--channels", paramLabel = "N", defaultValue = "64",
            description = "Channels of all threads together, each with another to its control SAM (default: ${DEFAULT-VALUE}).")
    private int channels;

    @Option(names = "--store", paramLabel = "STORE", defaultValue = "memory", description = "memory or durable (default: ${DEFAULT-VALUE}).")
    private Store store;

    /**
     * Runs from the command line.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new FuzzRun()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        long from = seed == null ? System.nanoTime() : seed;
        System.out.printf("Fuzzing with seed %d, %d threads, %d channels, keys %s: %,d APDUs.%n", from, threads, channels,
                store == Store.memory ? "in memory" : "on the disk", count);
        // Not in the folder for temporary files, which may be in memory.
        Path folder = store == Store.memory ? null : Files.createTempDirectory(Path.of("").toAbsolutePath(), ".hsm-fuzz-");
        Fuzzer.Result result = new Fuzzer(from, count, threads, channels, folder).run();
        if (folder != null && result.finds().isEmpty()) {
            Files.delete(folder);
        }
        Totals totals = result.totals();
        System.out.printf("%n%s%n%,d APDUs in %.0f s: %,.0f APDUs/s.%n", totals, totals.apdus(), result.seconds(),
                totals.apdus() / result.seconds());
        result.finds().forEach(System.out::println);
        List<String> missing = count < COMPLETE_FROM || !result.finds().isEmpty() ? List.of() : totals.missing();
        missing.forEach(one -> System.out.println("NOT REACHED: " + one));
        return result.finds().isEmpty() && missing.isEmpty() ? 0 : 1;
    }
}
