package org.calypsohsm.sam;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.product.SecurityPlugin;

/**
 * A security plugin that is leased for each call, so that its bundle can be drained before the plugin is deactivated.
 * Two adders instead of one counter: no cache line is shared between the channels that lease it.
 */
final class PluginSlot {

    private static final long DRAIN_POLL_NANOS = 200_000;

    private final SecurityPlugin plugin;
    private final String product;
    private final LongAdder entered = new LongAdder();
    private final LongAdder left = new LongAdder();
    private volatile boolean retired;

    PluginSlot(SecurityPlugin plugin, String product) {
        this.plugin = plugin;
        this.product = product;
    }

    /** Leases the plugin; {@link #leave()} must follow if this returned true. */
    boolean enter() {
        entered.increment();
        // The adder only promises release order; the count must be visible before the flag is read.
        VarHandle.fullFence();
        if (retired) {
            left.increment();
            return false;
        }
        return true;
    }

    void leave() {
        left.increment();
    }

    SecurityPlugin plugin() {
        return plugin;
    }

    String product() {
        return product;
    }

    /**
     * Refuses new leases and waits for those given.
     *
     * @return false if some were still out at the end of the time
     */
    boolean retire(long timeoutNanos) {
        retired = true;
        VarHandle.fullFence();
        long end = System.nanoTime() + timeoutNanos;
        while (!drained()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(DRAIN_POLL_NANOS);
        }
        return true;
    }

    private boolean drained() {
        // In this order: a call counted as left has been counted as entered before.
        long out = left.sum();
        return entered.sum() == out;
    }
}
