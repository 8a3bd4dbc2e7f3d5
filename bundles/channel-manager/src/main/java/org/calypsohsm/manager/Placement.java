package org.calypsohsm.manager;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Decides which module gets a channel, and keeps the fair queue of those who wait for one.
 * Who comes and who gives a channel back does so in one step with handing out turns, so that nobody overtakes the queue.
 */
final class Placement {

    /**
     * Somebody's turn.
     *
     * @param waiter whose
     * @param slot   the module on which a channel is reserved
     * @param ended  how many channels of the key group had ended before
     * @param trial  true if the module refused such a channel before, and nothing has become free as far as is known
     */
    record Turn(OpenWaiter waiter, ModuleSlot slot, long ended, boolean trial) {
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final List<ModuleSlot> slots = new ArrayList<>();
    /** Key group, then place in the queue: a waiter whose turn came to nothing gets its old place back. */
    private final Map<Integer, TreeMap<Long, OpenWaiter>> queues = new HashMap<>();
    /** How many channels of a key group have ended, by key group. */
    private final Map<Integer, long[]> ended = new HashMap<>();
    private final Set<ManagedChannel> parked = new LinkedHashSet<>();

    void add(ModuleSlot slot) {
        lock.lock();
        try {
            slots.add(slot);
        } finally {
            lock.unlock();
        }
    }

    void remove(ModuleSlot slot) {
        lock.lock();
        try {
            slots.remove(slot);
        } finally {
            lock.unlock();
        }
    }

    List<ModuleSlot> slots() {
        lock.lock();
        try {
            return List.copyOf(slots);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells channels to leave a module. With the lock, so that nobody reserves a channel there afterwards.
     *
     * @return false if they had to for this cause already
     */
    boolean leave(ModuleSlot slot, ModuleSlot.Cause cause, String reason) {
        lock.lock();
        try {
            slot.leavingReason = reason;
            slot.leaving = true;
            return slot.causes.add(cause);
        } finally {
            lock.unlock();
        }
    }

    /** Takes one cause to leave a module back; the others stand. */
    void stay(ModuleSlot slot, ModuleSlot.Cause cause) {
        lock.lock();
        try {
            if (slot.causes.remove(cause) && slot.causes.isEmpty()) {
                slot.leaving = false;
                slot.overdue = null;
                slot.stays++;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets no session go on at a module.
     *
     * @param stays how often its channels had been told to stay when the deadline was set
     * @return false if they have been told to stay since
     */
    boolean expire(ModuleSlot slot, int stays, String reason) {
        lock.lock();
        try {
            if (slot.stays != stays) {
                return false;
            }
            slot.overdue = reason;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Tells whether the service of a module goes. */
    boolean isGoing(ModuleSlot slot) {
        lock.lock();
        try {
            return slot.causes.contains(ModuleSlot.Cause.SERVICE_GOES);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins a self test of a module; {@link #endTest} must follow.
     *
     * @return false if its service goes: nothing may call it
     */
    boolean beginTest(ModuleSlot slot) {
        lock.lock();
        try {
            if (slot.causes.contains(ModuleSlot.Cause.SERVICE_GOES)) {
                return false;
            }
            slot.testing++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void endTest(ModuleSlot slot) {
        lock.lock();
        try {
            slot.testing--;
        } finally {
            lock.unlock();
        }
    }

    /** Tells whether a call may be in a module: a channel is open, opens or closes, or the module tests itself. */
    boolean isInUse(ModuleSlot slot) {
        lock.lock();
        try {
            return slot.reserved + slot.testing > 0;
        } finally {
            lock.unlock();
        }
    }

    /** @return how many channels of a module are reserved: open, about to open, or not closed yet */
    int reserved(ModuleSlot slot) {
        lock.lock();
        try {
            return slot.reserved;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells whether a key group cannot be served by any module present.
     *
     * @return false as long as no module is present at all, since one may come, and while one waits for its keys
     */
    boolean isUnknown(int keyGroup) {
        List<ModuleSlot> present = slots();
        if (present.isEmpty() || present.stream().anyMatch(slot -> slot.mayHaveKeyGroup(keyGroup))) {
            return false;
        }
        present.forEach(ModuleSlot::refresh);
        return present.stream().noneMatch(slot -> slot.mayHaveKeyGroup(keyGroup));
    }

    /** @return the numbers of all key groups of the modules present, for a message */
    Set<Integer> knownKeyGroups() {
        Set<Integer> groups = new TreeSet<>();
        slots().forEach(slot -> groups.addAll(slot.report().keyGroups()));
        return groups;
    }

    /**
     * Reserves a channel for one that moves; {@link #release(ModuleSlot)} must follow if it does not come.
     *
     * @param without modules that refused already
     * @return the module with the greatest share of free channels; null if none has room
     */
    ModuleSlot reserve(int keyGroup, Set<ModuleSlot> without) {
        lock.lock();
        try {
            return reserve(keyGroup, without, true);
        } finally {
            lock.unlock();
        }
    }

    private ModuleSlot reserve(int keyGroup, Set<ModuleSlot> without, boolean moves) {
        ModuleSlot best = null;
        for (ModuleSlot slot : slots) {
            if (slot.hasRoom(keyGroup, moves) && !without.contains(slot) && (best == null || slot.freeShare() > best.freeShare())) {
                best = slot;
            }
        }
        if (best != null) {
            best.reserved++;
        }
        return best;
    }

    /** @return a waiter's turn, with a reserved channel; null if no module has room */
    private Turn turn(OpenWaiter waiter, Set<ModuleSlot> without) {
        int keyGroup = waiter.request.keyGroup();
        ModuleSlot slot = reserve(keyGroup, without, false);
        return slot == null ? null : new Turn(waiter, slot, ended(keyGroup), slot.asked(keyGroup));
    }

    private long ended(int keyGroup) {
        long[] count = ended.get(keyGroup);
        return count == null ? 0 : count[0];
    }

    /**
     * Remembers that a module refused a turn: it is left alone for a moment, or until a channel of the key group ends.
     *
     * @param full true if it said that none is free
     */
    void refused(Turn turn, boolean full, String reason) {
        int keyGroup = turn.waiter().request.keyGroup();
        lock.lock();
        try {
            turn.slot().refused(keyGroup, full, reason, (int) (ended(keyGroup) - turn.ended()));
        } finally {
            lock.unlock();
        }
    }

    /** Remembers that a module did not refuse a turn. */
    void opened(Turn turn) {
        // Without the lock as a rule: most turns are no trial.
        if (turn.trial()) {
            lock.lock();
            try {
                turn.slot().opened(turn.waiter().request.keyGroup());
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Joins the queue, at the place of the waiter's number, and gives turns.
     *
     * @param stays false if the waiter leaves the queue at once unless it gets a turn, on a module that has not refused it
     * @return the turns, with the waiter's own if it has one
     */
    List<Turn> join(OpenWaiter waiter, boolean stays) {
        int keyGroup = waiter.request.keyGroup();
        lock.lock();
        try {
            if (stays) {
                queues.computeIfAbsent(keyGroup, group -> new TreeMap<>()).put(waiter.sequence, waiter);
                return turns();
            }
            List<Turn> turns = new ArrayList<>(turns());
            // Who could be placed is placed now, so this overtakes nobody.
            Turn turn = turn(waiter, waiter.refusers());
            if (turn != null) {
                turns.add(turn);
            }
            return turns;
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the queue. */
    void dequeue(OpenWaiter waiter) {
        lock.lock();
        try {
            TreeMap<Long, OpenWaiter> queue = queues.get(waiter.request.keyGroup());
            if (queue != null && queue.remove(waiter.sequence) != null && queue.isEmpty()) {
                queues.remove(waiter.request.keyGroup());
            }
        } finally {
            lock.unlock();
        }
    }

    /** @return how many wait */
    int waiting() {
        lock.lock();
        try {
            return queues.values().stream().mapToInt(TreeMap::size).sum();
        } finally {
            lock.unlock();
        }
    }

    /** @return all who wait; nobody waits afterwards */
    List<OpenWaiter> clearQueues() {
        lock.lock();
        try {
            List<OpenWaiter> waiting = queues.values().stream().flatMap(queue -> queue.values().stream()).toList();
            queues.clear();
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a reserved channel back.
     *
     * @return the turns of those who waited for it
     */
    List<Turn> release(ModuleSlot slot) {
        lock.lock();
        try {
            slot.reserved--;
            return turns();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a channel that has ended back, and its place in the quota of its key group.
     *
     * @return the turns of those who waited for it
     */
    List<Turn> release(ModuleSlot slot, int keyGroup) {
        lock.lock();
        try {
            ended.computeIfAbsent(keyGroup, group -> new long[1])[0]++;
            slots.forEach(each -> each.ended(keyGroup));
            return release(slot);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives turns to those who wait, the one who waits longest first, as long as there is room.
     *
     * @return the turns, each with a reserved channel
     */
    List<Turn> turns() {
        lock.lock();
        try {
            List<Turn> turns = null;
            while (!queues.isEmpty()) {
                Turn turn = nextTurn();
                if (turn == null) {
                    break;
                }
                turns = turns == null ? new ArrayList<>() : turns;
                turns.add(turn);
            }
            return turns == null ? List.of() : turns;
        } finally {
            lock.unlock();
        }
    }

    private Turn nextTurn() {
        OpenWaiter oldest = null;
        for (TreeMap<Long, OpenWaiter> queue : queues.values()) {
            OpenWaiter head = queue.firstEntry().getValue();
            if ((oldest == null || head.sequence < oldest.sequence) && hasRoom(head.request.keyGroup())) {
                oldest = head;
            }
        }
        // The state of a module may change between the look and the reservation, so that there is no room after all.
        Turn turn = oldest == null ? null : turn(oldest, Set.of());
        if (turn != null) {
            dequeue(oldest);
        }
        return turn;
    }

    private boolean hasRoom(int keyGroup) {
        for (ModuleSlot slot : slots) {
            if (slot.hasRoom(keyGroup, false)) {
                return true;
            }
        }
        return false;
    }

    /** Remembers a channel that no module has room for. */
    void park(ManagedChannel channel) {
        lock.lock();
        try {
            parked.add(channel);
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a parked channel. */
    void unpark(ManagedChannel channel) {
        lock.lock();
        try {
            parked.remove(channel);
        } finally {
            lock.unlock();
        }
    }

    List<ManagedChannel> parked() {
        lock.lock();
        try {
            return List.copyOf(parked);
        } finally {
            lock.unlock();
        }
    }

    boolean hasParked() {
        lock.lock();
        try {
            return !parked.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** @return what the last module said that refused a channel for a key group; null if none did */
    String refusal(int keyGroup) {
        for (ModuleSlot slot : slots()) {
            String refusal = slot.refusal(keyGroup);
            if (refusal != null) {
                return refusal;
            }
        }
        return null;
    }

    /** Says how full the modules of a key group are, for a message. */
    String occupancy(int keyGroup) {
        lock.lock();
        try {
            StringBuilder text = new StringBuilder();
            for (ModuleSlot slot : slots) {
                if (slot.mayHaveKeyGroup(keyGroup)) {
                    text.append(text.isEmpty() ? "" : ", ").append(slot.name()).append(' ').append(slot.reserved).append(" of ")
                            .append(slot.info.channelsTotal()).append(" in use, ").append(slot.report().state());
                }
            }
            return text.isEmpty() ? slots.isEmpty() ? "no module is present" : "no module present has this key group"
                    : text.toString();
        } finally {
            lock.unlock();
        }
    }
}
