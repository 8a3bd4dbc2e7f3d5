package org.calypsohsm.manager;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.ChannelException;

/** The asynchronous exchanges of one channel, in the order in which they were made. No thread waits while the channel is parked. */
final class AsyncExchanges {

    private record Exchange(byte[] command, CompletableFuture<byte[]> future) {
    }

    private final ManagedChannel channel;
    private final ChannelContext context;
    private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
    private boolean running;
    /** When the head of the queue is given up because the channel is parked; 0 if it is not. */
    private long parkedUntil;

    AsyncExchanges(ManagedChannel channel, ChannelContext context) {
        this.channel = channel;
        this.context = context;
    }

    CompletableFuture<byte[]> submit(byte[] command) {
        Exchange exchange = new Exchange(command, new CompletableFuture<>());
        synchronized (this) {
            waiting.add(exchange);
        }
        resume();
        return exchange.future;
    }

    /** Goes on with what waits. */
    void resume() {
        synchronized (this) {
            if (running || waiting.isEmpty()) {
                return;
            }
            running = true;
        }
        context.executor().execute(this::run);
    }

    private void run() {
        while (true) {
            Exchange exchange;
            synchronized (this) {
                exchange = waiting.peek();
                if (exchange == null) {
                    running = false;
                    return;
                }
            }
            boolean parked = !carryOut(exchange);
            synchronized (this) {
                if (parked) {
                    running = false;
                    break;
                }
                waiting.poll();
                parkedUntil = 0;
            }
        }
        context.scheduler().schedule(this::resume, retryNanos(), TimeUnit.NANOSECONDS);
        if (!channel.isParked()) {
            // Placed between the attempt and now: nobody else will wake the queue before the timer.
            resume();
        }
    }

    private synchronized long retryNanos() {
        return Math.max(0, parkedUntil - System.nanoTime());
    }

    /** @return false if the channel is parked and the exchange has to wait */
    private boolean carryOut(Exchange exchange) {
        try {
            byte[] response = channel.exchangeUnlessParked(exchange.command);
            if (response != null) {
                exchange.future.complete(response);
                return true;
            }
            if (waitLonger()) {
                return false;
            }
            exchange.future.completeExceptionally(channel.unavailable());
        } catch (ChannelException | RuntimeException e) {
            exchange.future.completeExceptionally(e);
        }
        return true;
    }

    private synchronized boolean waitLonger() {
        long now = System.nanoTime();
        if (parkedUntil == 0) {
            parkedUntil = now + context.graceNanos();
        }
        return now - parkedUntil < 0;
    }
}
