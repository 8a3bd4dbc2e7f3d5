package org.calypsohsm.sam;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.calypsohsm.product.SecurityPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The security plugins present, by ALG code. Where two claim one code, the one registered with the higher order serves it.
 * A code whose plugin has just gone makes its callers wait for the successor until the grace time is over.
 */
final class PluginRegistry {

    private static final Logger LOG = LoggerFactory.getLogger(PluginRegistry.class);
    private static final int ALGS = 0x100;
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final long graceNanos;
    private final AtomicReferenceArray<PluginSlot> serving = new AtomicReferenceArray<>(ALGS);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Registration> registrations = new ArrayList<>();
    private final boolean[] everServed = new boolean[ALGS];
    private final long[] goneSince = new long[ALGS];

    private record Registration(PluginSlot slot, Comparable<Object> order, int[] algs) {

        boolean serves(int alg) {
            for (int mine : algs) {
                if (mine == alg) {
                    return true;
                }
            }
            return false;
        }
    }

    /** @param graceNanos how long a command waits for the successor of a plugin that went, in nanoseconds */
    PluginRegistry(long graceNanos) {
        this.graceNanos = graceNanos;
    }

    /**
     * Adds a plugin.
     *
     * @param plugin  the plugin
     * @param product name of its card product
     * @param order   greater serves first: a service reference, or anything comparable in a test
     * @param algs    ALG codes that it serves
     */
    void add(SecurityPlugin plugin, String product, Comparable<Object> order, int... algs) {
        lock.lock();
        try {
            registrations.add(new Registration(new PluginSlot(plugin, product), order, algs.clone()));
            registrations.sort(Comparator.comparing(Registration::order).reversed());
            choose();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a plugin, and returns when no call is in it any more (or after 5 s, with a warning). */
    void remove(SecurityPlugin plugin) {
        PluginSlot slot = null;
        lock.lock();
        try {
            for (Registration registration : registrations) {
                if (registration.slot.plugin() == plugin) {
                    slot = registration.slot;
                    registrations.remove(registration);
                    break;
                }
            }
            choose();
        } finally {
            lock.unlock();
        }
        if (slot != null && !slot.retire(DRAIN_NANOS)) {
            LOG.warn("Security plugin {} goes while calls are still in it after 5 s; they may fail.", slot.product());
        }
    }

    private void choose() {
        for (int alg = 0; alg < ALGS; alg++) {
            PluginSlot next = null;
            for (Registration registration : registrations) {
                if (registration.serves(alg)) {
                    next = registration.slot;
                    break;
                }
            }
            PluginSlot before = serving.getAndSet(alg, next);
            if (next != null) {
                everServed[alg] = true;
            } else if (before != null) {
                goneSince[alg] = System.nanoTime();
            }
        }
        changed.signalAll();
    }

    /**
     * Leases the plugin that serves an ALG code; {@link PluginSlot#leave()} must follow.
     *
     * @return the slot, or null if no plugin serves the code and none came in time
     */
    PluginSlot lease(int alg) {
        PluginSlot slot = serving.get(alg);
        return slot != null && slot.enter() ? slot : leaseSuccessor(alg);
    }

    private PluginSlot leaseSuccessor(int alg) {
        lock.lock();
        try {
            while (true) {
                PluginSlot slot = serving.get(alg);
                if (slot != null && slot.enter()) {
                    return slot;
                }
                long left = everServed[alg] ? goneSince[alg] + graceNanos - System.nanoTime() : 0;
                if (left <= 0) {
                    return null;
                }
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } finally {
            lock.unlock();
        }
    }
}
