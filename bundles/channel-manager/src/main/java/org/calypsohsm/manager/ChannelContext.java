package org.calypsohsm.manager;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

/** What a channel needs of its manager. */
interface ChannelContext {

    /** @return where to look for modules */
    Placement placement();

    /** Tells that a channel of a module became free. */
    void roomMade();

    /** @return how long an exchange waits for a module when its own is gone, in nanoseconds */
    long graceNanos();

    /** @return runs asynchronous exchanges */
    Executor executor();

    /** @return wakes what waits for a time */
    ScheduledExecutorService scheduler();
}
