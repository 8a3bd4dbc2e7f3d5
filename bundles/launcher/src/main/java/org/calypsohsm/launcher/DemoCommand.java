package org.calypsohsm.launcher;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Sells to simulated cards; a bundle does it, see {@link Platform#COMMAND}. */
@Command(name = "demo", description = "Sells a season of contracts to simulated cards over all channels at"
        + " once, replaces a module in the middle, and shows the figures.",
        footer = {"", "Exit code 0: every session succeeded. 1: one failed."})
final class DemoCommand extends ContainerCommand {

    @Option(names = "--channels", paramLabel = "N", defaultValue = "5000",
            description = "Channels to open at the same time (default: ${DEFAULT-VALUE}).")
    private int channels;

    @Option(names = "--sessions", paramLabel = "N", defaultValue = "100000",
            description = "Secure sessions to run in all (default: ${DEFAULT-VALUE}).")
    private int sessions;

    @Option(names = "--modules", paramLabel = "LIST", split = ",", defaultValue = "PCI-S3:5000,SAM-S20",
            description = "Modules to make, with commas between them: PCI-S3:100, PCI-S3:500, PCI-S3:1000, PCI-S3:5000, SAM-S20"
                    + " (default: ${DEFAULT-VALUE}).")
    private List<String> modules;

    @Option(names = "--via", paramLabel = "WAY", defaultValue = "EMBEDDED",
            description = "How clients reach their channels: ${COMPLETION-CANDIDATES} (default: embedded).")
    private Via via;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the figures to this file.")
    private Path json;

    /** The demo makes its modules itself. */
    DemoCommand() {
        super("demo.json", 0);
    }

    @Override
    void check() {
        check(channels > 0, "--channels is at least 1, not " + channels);
        check(sessions > 0, "--sessions is at least 1, not " + sessions);
    }

    @Override
    int run(Platform platform) throws LauncherException, InterruptedException {
        Map<String, Object> options = new HashMap<>();
        options.put("channels", channels);
        options.put("sessions", sessions);
        options.put("via", via.name());
        options.put("modules", List.copyOf(modules));
        if (json != null) {
            options.put("json", json.toAbsolutePath());
        }
        return platform.run("demo", Map.copyOf(options), timeout());
    }
}
