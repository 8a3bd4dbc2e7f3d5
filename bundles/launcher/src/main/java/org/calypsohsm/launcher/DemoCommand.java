package org.calypsohsm.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Sells to simulated cards; a bundle does it, see {@link Platform#COMMAND}. */
@Command(name = "demo", description = "Sells a season of contracts to simulated cards over all channels at"
        + " once, replaces a module in the middle, and shows the figures.",
        footer = {"", "Exit code 0: every session succeeded. 1: one failed."})
final class DemoCommand extends ContainerCommand {

    private static final Pattern MODEL = Pattern.compile("(?i)PCI-S3:(100|500|1000|5000)");
    private static final int FIRST_SERIAL = 0x53330001;

    @Option(names = "--via", paramLabel = "WAY", defaultValue = "embedded",
            description = "Which way to go: embedded, modules in the platform itself; card, PCI-S3 modules"
                    + " that are processes of their own; pcsc, SAM-S20 cards in card readers, as"
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
                    + " (default: PCI-S3:5000,SAM-S20; PCI-S3:5000 via card); over pcsc the serial numbers of two cards or more (default:"
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
        check(via != Via.CARD || modules.stream().allMatch(module -> MODEL.matcher(module).matches()),
                "--via card makes modules PCI-S3:100, PCI-S3:500, PCI-S3:1000 or PCI-S3:5000, not all of " + modules);
    }

    @Override
    String defaultConfiguration() {
        return via == Via.CARD ? "demo-card.json" : super.defaultConfiguration();
    }

    @Override
    int run(Platform platform) throws LauncherException, InterruptedException {
        List<CardProcess> cards = new ArrayList<>();
        try {
            return platform.run("demo", options(via == Via.CARD ? startCards(cards) : null), timeout());
        } finally {
            cards.forEach(CardProcess::close);
        }
    }

    /** Starts a card for each module, and one for the successor of the first; as configurations of modules. */
    private List<Map<String, Object>> startCards(List<CardProcess> cards) throws LauncherException {
        List<Map<String, Object>> configurations = new ArrayList<>();
        List<String> made = new ArrayList<>(modules);
        made.add(modules.get(0));
        for (String module : made) {
            int serialNumber = FIRST_SERIAL + cards.size();
            CardProcess card = new CardProcess(Distribution.locate(), Integer.parseInt(module.substring(module.indexOf(':') + 1)),
                    serialNumber);
            cards.add(card);
            configurations.add(Map.of("socket", card.socket().toString(), "serialNumber", String.format("%08X", serialNumber)));
        }
        for (CardProcess card : cards) {
            card.awaitReady();
        }
        return configurations;
    }

    private Map<String, Object> options(List<Map<String, Object>> cards) {
        Map<String, Object> options = new HashMap<>();
        options.put("via", via.name());
        options.put("channels", channels);
        options.put("sessions", sessions);
        options.put("modules", List.copyOf(modules));
        if (cards != null) {
            options.put("cards", cards);
        }
        if (json != null) {
            options.put("json", json.toAbsolutePath());
        }
        return Map.copyOf(options);
    }
}
