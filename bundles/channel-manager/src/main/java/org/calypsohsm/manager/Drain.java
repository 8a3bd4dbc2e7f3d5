package org.calypsohsm.manager;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.DrainReport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the channels off one module: idle ones at once, sessions in progress until the deadline. Between looks it is the
 * exchanges themselves that take their channels off when a session ends.
 */
final class Drain {

    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
    private static final long LOOK_MILLIS = 10;
    /** How long to wait at the deadline for exchanges that do not come back from the module, all together. */
    private static final long STUCK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ModuleSlot slot;
    private final ChannelContext context;
    private final long start = System.nanoTime();
    private final long deadline;
    private final int stays;
    private final int total;
    private final long movedBefore;
    private final long parkedBefore;
    private final long lostBefore;
    private final CompletableFuture<DrainReport> done = new CompletableFuture<>();

    Drain(ModuleSlot slot, Duration timeout, ChannelContext context) {
        this.slot = slot;
        this.context = context;
        deadline = start + Nanos.of(timeout);
        stays = slot.stays;
        total = slot.channels.size();
        movedBefore = slot.movedOut.sum();
        parkedBefore = slot.parked.sum();
        lostBefore = slot.lost.sum();
    }

    /** Starts; the module must be marked as leaving before. */
    CompletableFuture<DrainReport> start() {
        look();
        return done;
    }

    private void look() {
        try {
            if (slot.stays != stays || slot.isGone()) {
                finish();
                return;
            }
            // Also channels that were about to open when the drain started: the set is read anew each time.
            slot.channels.forEach(channel -> channel.leaveIfIdle(slot));
            boolean late = System.nanoTime() - deadline >= 0;
            if (late) {
                giveUp();
            }
            // Not the channels but what is reserved: somebody may be in the module to open or close one.
            if (late || context.placement().reserved(slot) == 0) {
                finish();
            } else {
                context.scheduler().schedule(() -> context.housekeeping().execute(this::look), LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }

    private void giveUp() {
        String reason = slot.leavingReason + " It was still in use at the drain deadline.";
        // First, so that an exchange that comes back later loses its session by itself.
        slot.overdue = reason;
        long until = System.nanoTime() + STUCK_NANOS;
        for (ManagedChannel channel : slot.channels) {
            if (!channel.loseWith(slot, reason, until - System.nanoTime())) {
                LOG.error("Channel {} on module {}: an exchange does not come back from the provider.", channel.id(), slot.name());
            }
        }
    }

    private void finish() {
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        int moved = (int) (slot.movedOut.sum() - movedBefore);
        int waiting = (int) (slot.parked.sum() - parkedBefore);
        int lost = (int) (slot.lost.sum() - lostBefore);
        int closed = Math.max(0, total - moved - waiting - lost - slot.channels.size());
        LOG.info("Module {} is drained after {} ms: {} channels moved, {} closed, {} wait for a module, {} sessions lost.",
                slot.name(), took.toMillis(), moved, closed, waiting, lost);
        done.complete(new DrainReport(slot.name(), moved, closed, lost, waiting, took));
    }
}
