package org.calypsohsm.manager;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.ChannelException;

/** The asynchronous exchanges of one channel, in the order in which they were made. No thread waits while the channel is parked. */
final class AsyncExchanges {

    /** After so many the thread turns to other channels. */
    private static final int IN_A_ROW = 64;

    private record Exchange(byte[] command, long submitted, CompletableFuture<byte[]> future) {
    }

    private enum Outcome {
        /** The exchange has its result. */
        DONE,
        /** The channel is parked, and the exchange has to wait. */
        PARKED,
        /** The response must not leave yet. */
        HELD_BACK
    }

    private final ManagedChannel channel;
    private final ChannelContext context;
    private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
    private boolean running;

    AsyncExchanges(ManagedChannel channel, ChannelContext context) {
        this.channel = channel;
        this.context = context;
    }

    CompletableFuture<byte[]> submit(byte[] command) {
        Exchange exchange = new Exchange(command, System.nanoTime(), new CompletableFuture<>());
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
        for (int i = 0; i < IN_A_ROW; i++) {
            Exchange exchange;
            synchronized (this) {
                exchange = waiting.peek();
                if (exchange == null) {
                    running = false;
                    return;
                }
            }
            switch (carryOut(exchange)) {
                case PARKED -> {
                    pause(exchange);
                    return;
                }
                case HELD_BACK -> {
                    // It goes on when the response may leave; no thread waits for that.
                    return;
                }
                default -> {
                    synchronized (this) {
                        waiting.poll();
                    }
                }
            }
        }
        context.executor().execute(this::run);
    }

    private void release(Exchange exchange, byte[] response, Throwable fault) {
        Runnable goOn = () -> released(exchange, response, fault);
        try {
            // Not on the thread that writes to the disk.
            context.executor().execute(goOn);
        } catch (RejectedExecutionException e) {
            // The manager has stopped; somebody may still wait for the response.
            goOn.run();
        }
    }

    /** Goes on behind an exchange whose response was held back. */
    private void released(Exchange exchange, byte[] response, Throwable fault) {
        if (fault == null) {
            exchange.future.complete(response);
        } else {
            exchange.future.completeExceptionally(channel.commitFailed(fault));
        }
        synchronized (this) {
            waiting.poll();
        }
        run();
    }

    /** Lets the thread go until the channel is placed or the grace time of its next exchange ends. */
    private void pause(Exchange next) {
        synchronized (this) {
            running = false;
        }
        try {
            context.scheduler().schedule(this::resume, Math.max(0, giveUpAt(next) - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The manager stops: it closes the channel, and that wakes the queue.
        }
        if (!channel.isParked()) {
            // Placed between the attempt and now: nobody else will wake the queue before the timer.
            resume();
        }
    }

    private Outcome carryOut(Exchange exchange) {
        try {
            ManagedChannel.Answer answer = channel.exchangeUnlessParked(exchange.command);
            if (answer != null && answer.pending() != null) {
                answer.pending().whenComplete((done, fault) -> release(exchange, answer.response(), fault));
                return Outcome.HELD_BACK;
            }
            if (answer != null) {
                exchange.future.complete(answer.response());
                return Outcome.DONE;
            }
            if (System.nanoTime() - giveUpAt(exchange) < 0) {
                return Outcome.PARKED;
            }
            exchange.future.completeExceptionally(channel.unavailable());
        } catch (ChannelException | RuntimeException | Error e) {
            exchange.future.completeExceptionally(e);
        }
        return Outcome.DONE;
    }

    /** The grace time counts from the parking for those who waited then, and from the call for those who came later. */
    private long giveUpAt(Exchange exchange) {
        long parked = channel.parkedSince();
        long start = parked != 0 && parked - exchange.submitted > 0 ? parked : exchange.submitted;
        return start + context.graceNanos();
    }
}
