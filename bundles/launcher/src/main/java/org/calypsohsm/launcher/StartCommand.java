package org.calypsohsm.launcher;

import java.util.Locale;

import picocli.CommandLine.Command;

/** Keeps the container up. */
@Command(name = "start", description = "Starts the platform and keeps it up until SIGTERM or Ctrl-C.",
        footer = {"", "Prints one line on standard output when channels can be opened; the log goes to standard error."})
final class StartCommand extends ContainerCommand {

    StartCommand() {
        super("hsm.json", 1);
    }

    @Override
    int run(Platform platform) throws InterruptedException {
        System.out.printf(Locale.ROOT, "Ready after %.2f s: %s%n", uptime().toMillis() / 1000.0, platform.summary());
        platform.awaitStop();
        return 0;
    }
}
