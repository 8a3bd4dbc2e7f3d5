package org.calypsohsm.launcher;

import java.util.Map;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Sells to simulated cards. */
@Command(name = "demo", description = "Starts the platform, runs secure sessions with simulated cards of every product, and shows the figures.")
final class DemoCommand extends ServiceCommand {

    @Option(names = "--sessions", paramLabel = "N", defaultValue = "200",
            description = "Secure sessions to run in all (default: ${DEFAULT-VALUE}).")
    private int sessions;

    DemoCommand() {
        super("demo");
    }

    @Override
    void check() {
        super.check();
        check(sessions > 0, "--sessions is at least 1, not " + sessions);
    }

    @Override
    void add(Map<String, Object> options) {
        options.put("sessions", sessions);
    }
}
