package org.calypsohsm.launcher;

import java.util.Map;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures throughput and latency. */
@Command(name = "bench", description = "Starts the platform and measures sessions per second and response times.")
final class BenchCommand extends ServiceCommand {

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "10",
            description = "How long to measure (default: ${DEFAULT-VALUE}).")
    private int seconds;

    BenchCommand() {
        super("bench");
    }

    @Override
    void check() {
        super.check();
        check(seconds > 0, "--seconds is at least 1, not " + seconds);
    }

    @Override
    void add(Map<String, Object> options) {
        options.put("seconds", seconds);
    }
}
