package org.calypsohsm.launcher;

import java.util.Locale;
import java.util.Map;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Keeps the container up. */
@Command(name = "start", description = "Starts the platform and keeps it up until SIGTERM or Ctrl-C.",
        footer = {"", "Prints one line on standard output when channels can be opened; the log goes to standard error."})
class StartCommand extends ContainerCommand {

    private static final String SHELL = "shell";

    @Option(names = "--shell", description = "Also reads commands from the terminal, or from a pipe; the end of the input"
            + " (Ctrl-D) stops the platform.")
    private boolean shell;

    StartCommand() {
        this("hsm.json");
    }

    StartCommand(String configuration) {
        super(configuration, 1);
    }

    @Override
    int run(Platform platform) throws InterruptedException, LauncherException {
        System.out.printf(Locale.ROOT, "Ready after %.2f s: %s%n", uptime().toMillis() / 1000.0, platform.summary());
        if (shell) {
            // Apart, and a daemon: a read from the terminal cannot be interrupted when the container stops.
            Thread thread = new Thread(() -> runShell(platform), "hsm-shell");
            thread.setDaemon(true);
            thread.start();
        }
        platform.awaitStop();
        return 0;
    }

    private void runShell(Platform platform) {
        try {
            platform.run(SHELL, Map.of(), timeout());
        } catch (LauncherException e) {
            System.err.println("hsm: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // The container has been stopped from outside meanwhile: nothing is left to look for the shell in.
            if (platform.isRunning()) {
                throw e;
            }
        }
        platform.stop();
    }
}
