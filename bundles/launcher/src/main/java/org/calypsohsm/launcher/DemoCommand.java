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

    @Option(names = "--via", paramLabel = "WAY", defaultValue = "embedded",
            description = "Which way to go: embedded, modules in the platform itself; pcsc, SAM-S20 cards in card readers, as"
                    + " hsm sam-s20-card inserts them; gateway, over TLS (default: ${DEFAULT-VALUE}).")
    private Via via;

    @Option(names = "--channels", paramLabel = "N",
            description = "Channels to open at the same time (default: 5000; 20 over pcsc, 1000 over gateway).")
    private Integer channels;

    @Option(names = "--sessions", paramLabel = "N",
            description = "Secure sessions to run in all (default: 100000; 400 over pcsc, 20000 over gateway).")
    private Integer sessions;

    @Option(names = "--modules", paramLabel = "LIST", split = ",",
            description = "Modules to make, with commas between them: PCI-S3:100, PCI-S3:500, PCI-S3:1000, PCI-S3:5000, SAM-S20"
                    + " (default: PCI-S3:5000,SAM-S20); over pcsc the serial numbers of two cards or more (default:"
                    + " 53200001,53200002).")
    private List<String> modules;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the figures to this file.")
    private Path json;

    /** The demo makes its modules itself. */
    DemoCommand() {
        super("demo.json", 0);
    }

    @Override
    void check() {
        channels = channels == null ? via.channels() : channels;
        sessions = sessions == null ? via.sessions() : sessions;
        modules = modules == null ? List.of(via.modules().split(",")) : modules;
        check(channels > 0, "--channels is at least 1, not " + channels);
        check(sessions > 0, "--sessions is at least 1, not " + sessions);
    }

    @Override
    int run(Platform platform) throws LauncherException, InterruptedException {
        Map<String, Object> options = new HashMap<>();
        options.put("via", via.name());
        options.put("channels", channels);
        options.put("sessions", sessions);
        options.put("modules", List.copyOf(modules));
        if (json != null) {
            options.put("json", json.toAbsolutePath());
        }
        return platform.run("demo", Map.copyOf(options), timeout());
    }
}
