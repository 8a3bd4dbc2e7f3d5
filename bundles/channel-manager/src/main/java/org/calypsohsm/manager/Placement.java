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

    /** Somebody's turn: a waiter, with the module on which a channel is reserved. */
    record Turn(OpenWaiter waiter, ModuleSlot slot) {
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final List<ModuleSlot> slots = new ArrayList<>();
    /** Key group, then place in the queue: a waiter whose turn came to nothing gets its old place back. */
    private final Map<Integer, TreeMap<Long, OpenWaiter>> queues = new HashMap<>();
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

    /** @return how many channels of a module are reserved: a call may be in the module unless it is 0 */
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
     * @return false as long as no module is present at all, since one may come
     */
    boolean isUnknown(int keyGroup) {
        List<ModuleSlot> present = slots();
        if (present.isEmpty() || present.stream().anyMatch(slot -> slot.hasKeyGroup(keyGroup))) {
            return false;
        }
        present.forEach(ModuleSlot::refresh);
        return present.stream().noneMatch(slot -> slot.hasKeyGroup(keyGroup));
    }

    /** @return the numbers of all key groups of the modules present, for a message */
    Set<Integer> knownKeyGroups() {
        Set<Integer> groups = new TreeSet<>();
        slots().forEach(slot -> groups.addAll(slot.report().keyGroups()));
        return groups;
    }

    /**
     * Reserves a channel; {@link #release} must follow if it is not opened.
     *
     * @param without modules that refused already
     * @return the module with the greatest share of free channels; null if none has room
     */
    ModuleSlot reserve(int keyGroup, Set<ModuleSlot> without) {
        lock.lock();
        try {
            ModuleSlot best = null;
            for (ModuleSlot slot : slots) {
                if (slot.hasRoom(keyGroup) && !without.contains(slot) && (best == null || slot.freeShare() > best.freeShare())) {
                    best = slot;
                }
            }
            if (best != null) {
                best.reserved++;
            }
            return best;
        } finally {
            lock.unlock();
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
            ModuleSlot slot = reserve(keyGroup, waiter.refusers());
            if (slot != null) {
                turns.add(new Turn(waiter, slot));
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
        ModuleSlot slot = oldest == null ? null : reserve(oldest.request.keyGroup(), Set.of());
        if (slot == null) {
            return null;
        }
        dequeue(oldest);
        return new Turn(oldest, slot);
    }

    private boolean hasRoom(int keyGroup) {
        for (ModuleSlot slot : slots) {
            if (slot.hasRoom(keyGroup)) {
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

    /** Says how full the modules of a key group are, for a message. */
    String occupancy(int keyGroup) {
        lock.lock();
        try {
            StringBuilder text = new StringBuilder();
            for (ModuleSlot slot : slots) {
                if (slot.hasKeyGroup(keyGroup)) {
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
