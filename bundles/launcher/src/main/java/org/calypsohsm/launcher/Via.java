package org.calypsohsm.launcher;

import java.util.Locale;

/** How the clients of the demo reach their channels. */
enum Via {
    /** In the same process. */
    EMBEDDED,
    /** Over TLS, through a gateway on a port of this machine. */
    GATEWAY;

    /** As it is typed. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
