package org.calypsohsm.manager;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

import org.calypsohsm.auditing.AuditClient;

/** What a channel needs of its manager. */
interface ChannelContext {

    /** @return where to note what happens to channels */
    AuditClient audit();

    /** @return where to look for modules */
    Placement placement();

    /** Gives a reserved channel of a module back, to those who wait to open one. */
    void release(ModuleSlot slot);

    /** As {@link #release(ModuleSlot)}, for a channel that has ended: its place in the quota of its key group is free too. */
    void ended(ModuleSlot slot, int keyGroup);

    /** Tells that a channel of a module became free: one that lost its place may take it. */
    void roomMade();

    /** @return how long an exchange waits for a module when its own is gone, in nanoseconds */
    long graceNanos();

    /**
     * Tells the time of the last tick, by {@link System#nanoTime()}: late by one tick at most, and for nothing, while to ask
     * the clock would be a good part of what an exchange costs here.
     *
     * @return the time
     */
    long leaseClock();

    /** @return runs asynchronous exchanges; providers may hold up all its threads */
    Executor executor();

    /** @return runs what takes channels off modules, even while providers hold up the exchanges */
    Executor housekeeping();

    /** @return wakes what waits for a time */
    ScheduledExecutorService scheduler();
}
