package org.calypsohsm.launcher;

import java.nio.file.Files;
import java.nio.file.Path;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Keeps a card up: the container with a module that is served at a socket. */
@Command(name = "card", description = "Runs a security module as a device of its own: a process with its own memory and key"
        + " store, which containers reach at a socket.",
        footer = {"", "Prints one line on standard output when it serves; SIGTERM or Ctrl-C ends it.",
            "A container uses it by a configuration org.calypsohsm.provider.pcis3device."})
final class CardCommand extends StartCommand {

    /** Property of the system: the bundle that serves reads it. */
    private static final String SOCKET = "hsm.card.socket";

    @Option(names = "--socket", paramLabel = "PATH", required = true,
            description = "Path of the socket, about 100 characters at most; its folder must be closed to others.")
    private Path socket;

    CardCommand() {
        super("card.json");
    }

    @Override
    void check() {
        System.setProperty(SOCKET, socket.toAbsolutePath().toString());
    }

    @Override
    int run(Platform platform) throws InterruptedException, LauncherException {
        if (!platform.await(timeout(), () -> Files.exists(socket))) {
            throw new LauncherException("Nothing serves at " + socket + ": the configuration needs org.calypsohsm.cardserver"
                    + " and a module, or the log says why it is refused.");
        }
        return super.run(platform);
    }
}
