package org.calypsohsm.cardserver;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.SecurityModule;

/** A card server without a container. In this package to reach its methods. */
public final class ServedModule implements AutoCloseable {

    private final CardServer server;

    /**
     * Serves a module.
     *
     * @param socket where
     * @param module the module
     */
    public ServedModule(Path socket, SecurityModule module) throws IOException {
        server = new CardServer(Configured.with(CardServer.Config.class, Map.of("socket", socket.toString())), module, (String) null);
    }

    @Override
    public void close() {
        server.stop();
    }
}
