package org.calypsohsm.benchmark;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

import org.calypsohsm.channel.Channel;

/** An asynchronous client: one session after the other on one channel, each begun when the one before is over. */
final class SaleClient {

    private final Channel channel;
    private final Function<Channel, CompletionStage<byte[]>> session;
    private final LongAdder sessions;
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private volatile boolean stopping;

    /**
     * Makes the client.
     *
     * @param channel  its channel
     * @param session  runs one session on it
     * @param sessions counts the sessions that are over
     */
    SaleClient(Channel channel, Function<Channel, CompletionStage<byte[]>> session, LongAdder sessions) {
        this.channel = channel;
        this.session = session;
        this.sessions = sessions;
    }

    /** Begins the next session. */
    void next() {
        session.apply(channel).whenComplete((response, fault) -> {
            if (fault != null) {
                over.completeExceptionally(fault);
            } else if (stopping) {
                over.complete(null);
            } else {
                sessions.increment();
                next();
            }
        });
    }

    /** Ends each with its session in progress, all at the same time, and fails if one failed. */
    static void stop(Collection<SaleClient> clients) {
        clients.forEach(client -> client.stopping = true);
        clients.forEach(client -> client.over.join());
        clients.forEach(client -> client.channel.close());
    }
}
