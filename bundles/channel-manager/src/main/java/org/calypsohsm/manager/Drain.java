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
    /** How long after the deadline calls may take to come back from the module. */
    private static final long STUCK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ModuleSlot slot;
    private final ChannelContext context;
    private final long start = System.nanoTime();
    private final long deadline;
    private final boolean atOnce;
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
        atOnce = timeout.isZero();
        stays = slot.stays;
        total = slot.channels.size();
        movedBefore = slot.movedOut.sum();
        parkedBefore = slot.parked.sum();
        lostBefore = slot.lost.sum();
    }

    /** Starts; the module must have been marked as leaving since this was made. */
    CompletableFuture<DrainReport> start() {
        look();
        return done;
    }

    private void look() {
        try {
            if (slot.stays != stays || slot.isGone()) {
                // Undrained meanwhile.
                finish();
                return;
            }
            // Also channels that were about to open when the drain started: the set is read anew each time.
            slot.channels.forEach(channel -> channel.leaveIfIdle(slot));
            long late = System.nanoTime() - deadline;
            if (late >= 0) {
                giveUp();
            }
            // Not the channels: somebody may be in the module to open or close one, or it tests itself.
            boolean empty = !context.placement().isInUse(slot);
            if (empty) {
                finish();
            } else if (late >= STUCK_NANOS) {
                slot.channels.forEach(channel -> LOG.error(
                        "Channel {} on module {}: an exchange does not come back from the provider.", channel.id(), slot.name()));
                finish();
            } else {
                context.scheduler().schedule(() -> context.housekeeping().execute(this::look), LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }

    /** Sessions do not go on. An exchange that is in the module just now loses its session when it comes back. */
    private void giveUp() {
        String reason = atOnce ? slot.leavingReason : slot.leavingReason + " It was still in use at the drain deadline.";
        if (context.placement().expire(slot, stays, reason)) {
            slot.channels.forEach(channel -> channel.loseIfLeft(slot, reason));
        }
    }

    private void finish() {
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        int moved = (int) (slot.movedOut.sum() - movedBefore);
        int waiting = (int) (slot.parked.sum() - parkedBefore);
        int lost = (int) (slot.lost.sum() - lostBefore);
        int closed = Math.max(0, total - moved - waiting - lost - slot.channels.size());
        if (total > 0) {
            LOG.info("Module {} is drained after {} ms: {} channels moved, {} closed, {} wait for a module, {} sessions lost.",
                    slot.name(), took.toMillis(), moved, closed, waiting, lost);
        }
        done.complete(new DrainReport(slot.name(), moved, closed, lost, waiting, took));
    }
}
