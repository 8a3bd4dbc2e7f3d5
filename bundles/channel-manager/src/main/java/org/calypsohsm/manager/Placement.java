package org.calypsohsm.manager;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Decides which module gets a channel, and keeps the fair queue of those who wait for one.
 * Invariant, whenever the lock is free: nobody waits who could be placed.
 */
final class Placement {

    /** Somebody's turn: a waiter, with the module on which a channel is reserved. */
    record Turn(OpenWaiter waiter, ModuleSlot slot) {
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final List<ModuleSlot> slots = new ArrayList<>();
    private final Map<Integer, ArrayDeque<OpenWaiter>> queues = new HashMap<>();
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
     * @return the module with the greatest share of free channels; null if none has room
     */
    ModuleSlot reserve(int keyGroup) {
        return reserve(keyGroup, Set.of());
    }

    /** As {@link #reserve(int)}, but not on the modules named, because they refused already. */
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

    /** Joins the queue, at its end. */
    void enqueue(OpenWaiter waiter) {
        lock.lock();
        try {
            queues.computeIfAbsent(waiter.request.keyGroup(), group -> new ArrayDeque<>()).add(waiter);
        } finally {
            lock.unlock();
        }
    }

    /** Joins the queue at its head again, when a turn came to nothing. */
    void enqueueFirst(OpenWaiter waiter) {
        lock.lock();
        try {
            queues.computeIfAbsent(waiter.request.keyGroup(), group -> new ArrayDeque<>()).addFirst(waiter);
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the queue. */
    void dequeue(OpenWaiter waiter) {
        lock.lock();
        try {
            ArrayDeque<OpenWaiter> queue = queues.get(waiter.request.keyGroup());
            if (queue != null) {
                queue.remove(waiter);
            }
        } finally {
            lock.unlock();
        }
    }

    /** @return all who wait; nobody waits afterwards */
    List<OpenWaiter> clearQueues() {
        lock.lock();
        try {
            List<OpenWaiter> waiting = queues.values().stream().flatMap(ArrayDeque::stream).toList();
            queues.clear();
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a reserved channel back. */
    void release(ModuleSlot slot) {
        lock.lock();
        try {
            slot.reserved--;
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
            if (queues.isEmpty()) {
                return List.of();
            }
            List<Turn> turns = new ArrayList<>();
            while (true) {
                Turn turn = nextTurn();
                if (turn == null) {
                    queues.values().removeIf(ArrayDeque::isEmpty);
                    return turns;
                }
                turns.add(turn);
            }
        } finally {
            lock.unlock();
        }
    }

    private Turn nextTurn() {
        ArrayDeque<OpenWaiter> oldest = null;
        for (ArrayDeque<OpenWaiter> queue : queues.values()) {
            OpenWaiter head = queue.peek();
            if (head != null && (oldest == null || head.sequence < oldest.peek().sequence)
                    && slots.stream().anyMatch(slot -> slot.hasRoom(head.request.keyGroup()))) {
                oldest = queue;
            }
        }
        if (oldest == null) {
            return null;
        }
        OpenWaiter waiter = oldest.poll();
        return new Turn(waiter, reserve(waiter.request.keyGroup()));
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
            return text.isEmpty() ? "no module is present" : text.toString();
        } finally {
            lock.unlock();
        }
    }
}
