package org.calypsohsm.cardlink;

import java.io.IOException;
import java.nio.channels.SocketChannel;

import jdk.net.ExtendedSocketOptions;

/** Looks at who is at the other end of a Unix domain socket. */
public final class Peer {

    private Peer() {
    }

    /**
     * Tells why a connection must not be used: its other end belongs to another user.
     *
     * @param channel a connection
     * @return the reason, as part of a sentence; null if it may be used, also where the system does not tell
     */
    public static String refusal(SocketChannel channel) {
        try {
            String user = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
            String own = System.getProperty("user.name");
            return user.equals(own) ? null : "the other side runs as " + user + ", and this one as " + own;
        } catch (UnsupportedOperationException e) {
            return null;
        } catch (IOException e) {
            return "the system does not tell who is at the other side: " + e.getMessage();
        }
    }
}
