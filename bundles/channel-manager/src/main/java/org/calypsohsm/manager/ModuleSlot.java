package org.calypsohsm.manager;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

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

    final SecurityModule module;
    final ModuleInfo info;
    final Set<ManagedChannel> channels = ConcurrentHashMap.newKeySet();
    final LongAdder exchanges = new LongAdder();
    final LongAdder movedIn = new LongAdder();
    final LongAdder movedOut = new LongAdder();
    final LongAdder parked = new LongAdder();
    final LongAdder lost = new LongAdder();

    /** Guarded by the lock of {@link Placement}: channels placed here, also those about to open. */
    int reserved;
    /** Set while channels have to leave: by command, because the service goes, or because the module stopped serving. */
    volatile boolean leaving;
    /** Set while they have to leave by command: then the module's own recovery does not bring them back. */
    volatile boolean drainedByCommand;
    /** Why they have to leave, in one sentence. */
    volatile String leavingReason = "";

    /** After a module refused to open a channel it is not asked again at once. */
    private static final long REFUSAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

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
        ModuleStatus before = status;
        try {
            status = module.status();
            keyGroups = module.keyGroups();
        } catch (RuntimeException e) {
            status = new ModuleStatus(ModuleState.FAILED, "Module " + name() + " does not tell its state: " + e + ".");
        }
        if (!status.equals(before)) {
            LOG.info("Module {} is {}: {}", name(), status.state(), status.sentence());
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
