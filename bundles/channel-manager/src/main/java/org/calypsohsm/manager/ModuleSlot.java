package org.calypsohsm.manager;

import java.util.EnumSet;
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
        NOT_SERVING
    }

    final SecurityModule module;
    final ModuleInfo info;
    final Set<ManagedChannel> channels = ConcurrentHashMap.newKeySet();
    final LongAdder exchanges = new LongAdder();
    final LongAdder movedIn = new LongAdder();
    final LongAdder movedOut = new LongAdder();
    final LongAdder parked = new LongAdder();
    final LongAdder lost = new LongAdder();

    // Guarded by the lock of Placement; what is volatile may be read without it.

    /** Channels placed here, also those about to open or not closed yet: while there is one, a call may be in the module. */
    int reserved;
    final Set<Cause> causes = EnumSet.noneOf(Cause.class);
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

    /** After a module refused to open a channel it is not asked again at once. */
    private static final long REFUSAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ReentrantLock asking = new ReentrantLock();
    private volatile long refusedAt = System.nanoTime() - REFUSAL_NANOS;
    private volatile ModuleStatus status;
    private volatile Set<Integer> keyGroups;

    ModuleSlot(SecurityModule module) {
        this.module = module;
        this.info = module.info();
        this.status = module.status();
        this.keyGroups = module.keyGroups();
    }

    String name() {
        return info.name();
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

    boolean hasRoom(int keyGroup) {
        return !leaving && reserved < info.channelsTotal() && status.state() == ModuleState.OPERATIONAL && hasKeyGroup(keyGroup)
                && System.nanoTime() - refusedAt >= REFUSAL_NANOS;
    }

    /** Tells whether channels cannot stay here. */
    boolean mustBeLeft() {
        return leaving || !status.state().serves();
    }

    /** Remembers that the module refused to open a channel for which it should have had room. */
    void refused() {
        refusedAt = System.nanoTime();
        refresh();
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
            status = module.status();
            keyGroups = module.keyGroups();
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
                info.channelsTotal(), channels.size(), keyGroups, exchanges.sum(), movedIn.sum(), movedOut.sum(), lost.sum());
    }
}
