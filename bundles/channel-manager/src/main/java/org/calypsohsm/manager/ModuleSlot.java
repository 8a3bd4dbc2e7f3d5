package org.calypsohsm.manager;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A module that is present, with the channels on it. Its state is asked now and then and remembered, since a module may be
 * slow to answer.
 */
final class ModuleSlot {

    private static final Logger LOG = LoggerFactory.getLogger(ModuleSlot.class);

    /** Why channels have to leave. */
    enum Cause {
        /** Its service goes: it does not come back. */
        SERVICE_GOES,
        /** By command: then the module's own recovery does not bring them back. */
        COMMAND,
        /** It stopped serving by itself. */
        NOT_SERVING,
        /** It is locked or has failed: no session can go on there. */
        MUTE,
        /** A call does not come back from its provider. */
        STUCK
    }

    /** What it said when it refused to open a channel for a key group. */
    private static final class Refusal {

        /** True if no channel was free: then it is asked again when one is. */
        private final boolean full;
        private final String reason;
        /** When it refused, or was asked again on trial. */
        private long at = System.nanoTime();
        /** How many channels of the key group have ended since. */
        private int ended;

        Refusal(boolean full, String reason, int ended) {
            this.full = full;
            this.reason = reason;
            this.ended = ended;
        }
    }

    final SecurityModule module;
    final ModuleInfo info;
    final Set<ManagedChannel> channels = ConcurrentHashMap.newKeySet();
    /** Threads that open a channel just now, and since when; exchanges are told by the channels. */
    private final Map<Thread, Long> opening = new ConcurrentHashMap<>();
    final LongAdder exchanges = new LongAdder();
    final TimedExchanges times = new TimedExchanges();
    final LongAdder movedIn = new LongAdder();
    final LongAdder movedOut = new LongAdder();
    final LongAdder parked = new LongAdder();
    final LongAdder lost = new LongAdder();

    // Guarded by the lock of Placement; what is volatile may be read without it.

    /** Channels placed here, also those about to open or not closed yet: while there is one, a call may be in the module. */
    int reserved;
    final Set<Cause> causes = EnumSet.noneOf(Cause.class);
    /** Self tests in progress: a call is in the module then. */
    int testing;
    /** By key group; it may be seen without the lock that there is none. */
    private final Map<Integer, Refusal> refusals = new ConcurrentHashMap<>();
    /** Set while channels have to leave: no new ones come then. */
    volatile boolean leaving;
    /** Why they have to leave, in one sentence. */
    volatile String leavingReason = "";
    /** Why sessions do not go on, once the deadline to leave has passed; null before. */
    volatile String overdue;
    /** How often channels were told to stay after all. */
    volatile int stays;

    /** Set when the service is gone: from then on nothing calls the module. */
    private volatile boolean gone;

    /** After a module refused to open a channel it is not asked again at once for that key group. */
    private static final long REFUSAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ReentrantLock asking = new ReentrantLock();
    private volatile ModuleStatus status;
    private volatile Set<Integer> keyGroups;
    private volatile long operationsUsed;
    private final long operationsTotal;

    ModuleSlot(SecurityModule module) {
        this.module = module;
        this.info = module.info();
        this.status = Objects.requireNonNull(module.status(), "its status");
        this.keyGroups = Set.copyOf(module.keyGroups());
        this.operationsUsed = module.operationsUsed();
        this.operationsTotal = module.operationsTotal();
    }

    String name() {
        return info.name();
    }

    /** Notes that this thread begins to open a channel; {@link #exit()} must follow. */
    void enter() {
        opening.put(Thread.currentThread(), System.nanoTime());
    }

    void exit() {
        opening.remove(Thread.currentThread());
    }

    /** @return what has been in the provider since before a time, one entry for each call */
    List<String> stuck(long before) {
        List<String> stuck = new ArrayList<>();
        channels.stream().filter(channel -> channel.isStuck(before))
                .forEach(channel -> stuck.add("an exchange on channel " + channel.id() + where(channel.caller())));
        opening.forEach((thread, since) -> {
            if (since - before < 0) {
                stuck.add("the opening of a channel" + where(thread));
            }
        });
        return stuck;
    }

    /** @return in which method beside those of the JDK a thread is, for a message: it may be a product plugin's */
    private static String where(Thread thread) {
        if (thread != null) {
            for (StackTraceElement frame : thread.getStackTrace()) {
                if (!frame.getClassName().matches("(java|javax|jdk|sun|com\\.sun)\\..*")) {
                    return " (in " + frame.getClassName() + "." + frame.getMethodName() + ")";
                }
            }
        }
        return "";
    }

    /** @return the bundle that the module is from, or its class where there are no bundles; for a message */
    String provider() {
        Bundle bundle = FrameworkUtil.getBundle(module.getClass());
        return bundle == null ? module.getClass().getName() : "bundle " + bundle.getSymbolicName();
    }

    /** @return what it is, in one sentence */
    String describe() {
        return String.format("%s, %d channels, serial number %08X, %s.", info.kind(), info.channelsTotal(), info.serialNumber(),
                status.state());
    }

    ModuleStatus status() {
        return status;
    }

    boolean hasKeyGroup(int keyGroup) {
        return keyGroups.contains(keyGroup);
    }

    /**
     * Tells whether a key group may be here, as far as the module tells: while it waits for its keys, or was never reached, it
     * does not know.
     */
    boolean mayHaveKeyGroup(int keyGroup) {
        ModuleState state = status.state();
        return hasKeyGroup(keyGroup) || state == ModuleState.LOCKED || state == ModuleState.SELF_TEST
                || state == ModuleState.OFFLINE && keyGroups.isEmpty();
    }

    /** @param moves true for a channel that moves here: it needs no place in the quota of its key group */
    boolean hasRoom(int keyGroup, boolean moves) {
        return !leaving && reserved < info.channelsTotal() && status.state() == ModuleState.OPERATIONAL && hasKeyGroup(keyGroup)
                && (refusals.isEmpty() || mayBeAsked(refusals.get(keyGroup), moves));
    }

    private static boolean mayBeAsked(Refusal refusal, boolean moves) {
        return refusal == null || refusal.full && (moves || refusal.ended > 0)
                || System.nanoTime() - refusal.at >= REFUSAL_NANOS;
    }

    /**
     * Remembers that a channel is asked for.
     *
     * @return true if it is asked on trial, although nothing has become free as far as is known
     */
    boolean asked(int keyGroup) {
        Refusal refusal = refusals.get(keyGroup);
        if (refusal == null) {
            return false;
        }
        if (refusal.ended > 0) {
            refusal.ended--;
            return false;
        }
        // One at a time, so that not all who wait are refused again.
        refusal.at = System.nanoTime();
        return true;
    }

    /**
     * Remembers that the module refused to open a channel for which it should have had room.
     *
     * @param full  true if it said that none is free
     * @param ended how many channels of the key group ended while it was asked
     */
    void refused(int keyGroup, boolean full, String reason, int ended) {
        refusals.put(keyGroup, new Refusal(full, reason, ended));
    }

    /** Remembers that a channel of a key group ended, here or on another module that shares the quota. */
    void ended(int keyGroup) {
        Refusal refusal = refusals.isEmpty() ? null : refusals.get(keyGroup);
        if (refusal != null && refusal.full) {
            refusal.ended++;
        }
    }

    /** Remembers that the module opened a channel on trial: it refuses no more. */
    void opened(int keyGroup) {
        refusals.remove(keyGroup);
    }

    /** @return why the module refused the last channel for a key group; null if it did not */
    String refusal(int keyGroup) {
        Refusal refusal = refusals.get(keyGroup);
        return refusal == null ? null : refusal.reason;
    }

    /** Tells whether channels cannot stay here. */
    boolean mustBeLeft() {
        return leaving || !status.state().serves();
    }

    /** Share of its channels that are free, 0 to 1. */
    double freeShare() {
        return 1.0 - (double) reserved / info.channelsTotal();
    }

    /** Asks the module for its state and key groups again. */
    void refresh() {
        asking.lock();
        try {
            if (!gone) {
                ask();
            }
        } finally {
            asking.unlock();
        }
    }

    private void ask() {
        ModuleStatus before = status;
        try {
            status = Objects.requireNonNull(module.status(), "it has none");
            keyGroups = Set.copyOf(module.keyGroups());
            operationsUsed = module.operationsUsed();
        } catch (RuntimeException | Error e) {
            status = new ModuleStatus(ModuleState.FAILED, "Module " + name() + " does not tell its state: " + e + ".");
        }
        if (!status.equals(before)) {
            LOG.info("Module {} is {}: {}", name(), status.state(), status.sentence());
        }
    }

    boolean isGone() {
        return gone;
    }

    /** Lets nothing call the module any more; waits a moment for whoever asks for its state just now. */
    void forget(long waitNanos) {
        boolean locked = false;
        try {
            locked = asking.tryLock(waitNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        gone = true;
        if (locked) {
            asking.unlock();
        } else {
            LOG.error("Module {} goes while it is asked for its state.", name());
        }
    }

    ModuleReport report() {
        ModuleStatus now = status;
        boolean draining = leaving && now.state().serves();
        return new ModuleReport(name(), info.kind(), String.format("%08X", info.serialNumber()), info.emulated(),
                draining ? ModuleState.DRAINING.name() : now.state().name(), draining ? leavingReason : now.sentence(),
                info.channelsTotal(), channels.size(), keyGroups, exchanges.sum(), movedIn.sum(), movedOut.sum(), lost.sum(),
                info.version(), operationsUsed, operationsTotal, times.report());
    }
}
