package org.calypsohsm.cardserver;

import java.io.IOException;

import org.calypsohsm.module.SecurityModule;

/** Does what the container does for a card server. In this package to reach the constructor. */
public final class ServerWiring {

    private ServerWiring() {
    }

    /**
     * Serves a module until the process ends.
     *
     * @param config configuration of the server, with a socket
     * @param module the module
     * @throws IOException if the socket cannot be made
     */
    public static void serve(CardServer.Config config, SecurityModule module) throws IOException {
        new CardServer(config, module, (String) null);
    }
}
