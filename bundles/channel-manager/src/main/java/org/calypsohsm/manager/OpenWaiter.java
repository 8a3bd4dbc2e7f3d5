package org.calypsohsm.manager;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;

/** Somebody who waits for a channel. */
final class OpenWaiter {

    final ChannelRequest request;
    /** Its place in the queue: the lower, the earlier. */
    final long sequence;
    final CompletableFuture<Channel> future = new CompletableFuture<>();

    private final long deadline;
    private volatile Set<ModuleSlot> refusers = Set.of();
    private volatile String refusal;

    OpenWaiter(ChannelRequest request, long sequence) {
        this.request = request;
        this.sequence = sequence;
        this.deadline = System.nanoTime() + Nanos.of(request.deadline());
    }

    /** @return how long it is ready to wait, in nanoseconds; zero or less if it is not */
    long nanosLeft() {
        return deadline - System.nanoTime();
    }

    /** Remembers that a module did not open a channel for it. */
    void refusedBy(ModuleSlot slot, String reason) {
        if (refusers.isEmpty()) {
            refusers = ConcurrentHashMap.newKeySet();
        }
        refusers.add(slot);
        refusal = reason;
    }

    Set<ModuleSlot> refusers() {
        return refusers;
    }

    /** @return why a module did not open a channel for it; null if none was asked */
    String refusal() {
        return refusal;
    }
}
