package org.calypsohsm.launcher;

import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Puts simulated SAM-S20 cards into the virtual reader; a bundle does it, see {@link Platform#COMMAND}. */
@Command(name = "sam-s20-card", description = "Inserts simulated SAM-S20 cards with public test keys into the virtual card reader of a"
        + " running pcscd, and stays until Ctrl-C takes them out.",
        footer = {"", "Needs the Debian packages pcscd and vsmartcard-vpcd, and pcscd running (as root: pcscd --foreground)."})
final class SamS20CardCommand extends ContainerCommand {

    private static final Pattern SERIAL = Pattern.compile("[0-9A-Fa-f]{8}");

    @Option(names = "--cards", paramLabel = "N", defaultValue = "2",
            description = "How many cards: each has the next slot and serial number (default: ${DEFAULT-VALUE}).")
    private int cards;

    @Option(names = "--port", paramLabel = "N", defaultValue = "35963",
            description = "Loopback port of the first slot (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--serial", paramLabel = "HEX", defaultValue = "53200001",
            description = "Serial number of the first card, 8 hexadecimal digits (default: ${DEFAULT-VALUE}).")
    private String serial;

    @Option(names = "--lifetime", paramLabel = "N", defaultValue = "16000000",
            description = "Operations until the end of life (default: ${DEFAULT-VALUE}).")
    private long lifetime;

    @Option(names = "--form", paramLabel = "FORM", defaultValue = "HSM_C1",
            description = "Form of the SAM: HSM_C1, S1E1 or S1D (default: ${DEFAULT-VALUE}).")
    private SamForm form;

    @Option(names = "--control", description = "Takes words from standard input, and ends with it; for tests, with --cards 1.")
    private boolean control;

    /** As the API has it, which lives in the container. */
    private enum SamForm {
        HSM_C1, S1E1, S1D
    }

    /** It needs no module, only keys. */
    SamS20CardCommand() {
        super("demo.json", 0);
    }

    @Override
    void check() {
        check(cards > 0, "--cards is at least 1, not " + cards);
        check(port > 0 && port + cards <= 1 << 16, "--port is a port number, not " + port);
        check(SERIAL.matcher(serial).matches(), "--serial has 8 hexadecimal digits, not " + serial);
        check(lifetime > 0 && lifetime <= Integer.MAX_VALUE, "--lifetime is 1 to " + Integer.MAX_VALUE + ", not " + lifetime);
        check(!control || cards == 1, "--control is for one card: say --cards 1 too");
    }

    @Override
    int run(Platform platform) throws LauncherException, InterruptedException {
        return platform.run("sam-s20-card", Map.of("cards", cards, "port", port, "serial", HexFormat.fromHexDigits(serial),
                "lifetime", lifetime, "form", form.name(), "control", control), timeout());
    }
}
