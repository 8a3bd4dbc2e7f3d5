package org.calypsohsm.manager;

import java.util.concurrent.CompletableFuture;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;

/** Somebody who waits for a channel. */
final class OpenWaiter {

    final ChannelRequest request;
    final long sequence;
    final CompletableFuture<Channel> future = new CompletableFuture<>();
    /** Set once the waiter has a timer of its own for the deadline. */
    boolean timed;

    OpenWaiter(ChannelRequest request, long sequence) {
        this.request = request;
        this.sequence = sequence;
    }
}
