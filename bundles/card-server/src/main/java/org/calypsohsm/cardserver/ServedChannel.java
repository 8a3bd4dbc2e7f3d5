package org.calypsohsm.cardserver;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.calypsohsm.cardlink.Frame;
import org.calypsohsm.cardlink.Operation;
import org.calypsohsm.cardlink.Payload;
import org.calypsohsm.cardlink.ProtocolException;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One channel of a connection. What it is asked is done one after the other, on whatever thread is free; while a response
 * is held back, since what it used up is not on the disk yet, no thread waits.
 */
final class ServedChannel implements Runnable {

    /** How the state after an exchange is told: as it was, as the state that follows, or not to be told. */
    static final int UNCHANGED = 0;
    static final int IDLE = 1;
    static final int IN_SESSION = 2;

    private static final Logger LOG = LoggerFactory.getLogger(ServedChannel.class);
    /** After so many the thread turns to other channels. */
    private static final int IN_A_ROW = 16;

    private final ServedLink link;
    private final Executor workers;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean running;

    // Only for who runs.
    private ModuleChannel channel;
    private ChannelState told = ChannelState.AFTER_RESET;
    private CompletionStage<Void> heldBack;

    ServedChannel(ServedLink link, Executor workers) {
        this.link = link;
        this.workers = workers;
    }

    // ---- one after the other

    /** Does something when all before it is done. */
    void then(Runnable task) {
        synchronized (waiting) {
            waiting.add(task);
            if (running) {
                return;
            }
            running = true;
        }
        goOn();
    }

    private void goOn() {
        try {
            workers.execute(this);
        } catch (RejectedExecutionException e) {
            // The server stops: what is left are channels to close.
            run();
        }
    }

    @Override
    public void run() {
        for (int i = 0; i < IN_A_ROW; i++) {
            Runnable task;
            synchronized (waiting) {
                task = waiting.poll();
                if (task == null) {
                    running = false;
                    return;
                }
            }
            task.run();
            CompletionStage<Void> commit = heldBack;
            if (commit != null) {
                heldBack = null;
                commit.whenComplete((done, fault) -> goOn());
                return;
            }
        }
        goOn();
    }

    // ---- what it is asked

    void open(Frame frame) {
        answer(frame, () -> {
            int keyGroup = frame.payload().getInt();
            ChannelState state = frame.payload().getState();
            if (channel != null) {
                throw new ProtocolException("channel " + frame.channel() + " is open already");
            }
            channel = Objects.requireNonNull(link.module().resume(keyGroup, state), "no channel");
            told = state;
            return Payload.empty().putBytes(channel.atr());
        });
    }

    void exchange(Frame frame) {
        answer(frame, () -> {
            if (channel == null) {
                throw new ModuleException(ModuleException.Reason.FAILED, "Channel " + frame.channel() + " is not open.");
            }
            byte[] response = channel.exchange(frame.payload().getRest());
            Payload answer = Payload.empty();
            putState(answer);
            answer.putRest(response);
            CompletionStage<Void> commit = channel.pendingCommit();
            if (commit == null) {
                return answer;
            }
            heldBack = commit.whenComplete((done, fault) -> {
                if (fault == null) {
                    link.send(Operation.DONE, frame, answer);
                } else {
                    Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
                    fault(frame, new ModuleException(ModuleException.Reason.FAILED,
                            "What the exchange used up could not be kept: " + cause.getMessage()));
                }
            });
            return null;
        });
    }

    /** Tells the state if it is another than was told last: it must be at the other side before this process is killed. */
    private void putState(Payload answer) {
        ChannelState now = channel.idleState();
        if (same(now, told)) {
            answer.putByte(UNCHANGED);
        } else if (now == null) {
            answer.putByte(IN_SESSION);
        } else {
            answer.putByte(IDLE).putState(now);
        }
        told = now;
    }

    private static boolean same(ChannelState one, ChannelState other) {
        if (one == null || other == null) {
            return one == other;
        }
        return one.unlocked() == other.unlocked() && Arrays.equals(one.diversifier(), other.diversifier())
                && Arrays.equals(one.outgoingChallenge(), other.outgoingChallenge())
                && Arrays.equals(one.incomingChallenge(), other.incomingChallenge());
    }

    void close(Frame frame) {
        answer(frame, () -> {
            end();
            return Payload.empty();
        });
    }

    /** Gives the channel of the module back. */
    void end() {
        ModuleChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (RuntimeException | Error e) {
                LOG.warn("Module {} failed to close a channel.", link.module().info().name(), e);
            }
        }
    }

    /** Does what is asked. */
    @FunctionalInterface
    interface Request {

        /** @return the answer; null if it comes later */
        Payload run() throws ModuleException, ProtocolException;
    }

    private void answer(Frame frame, Request request) {
        try {
            Payload answer = request.run();
            if (answer != null) {
                link.send(Operation.DONE, frame, answer);
            }
        } catch (ModuleException e) {
            fault(frame, e);
        } catch (ProtocolException e) {
            link.close("the other side breaks the rules: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            // Errors too: a provider whose bundle was updated throws NoClassDefFoundError.
            LOG.warn("Module {} failed.", link.module().info().name(), e);
            fault(frame, new ModuleException(ModuleException.Reason.FAILED, "The provider of the card threw " + e + "."));
        }
    }

    private void fault(Frame frame, ModuleException fault) {
        link.send(Operation.FAULT, frame, Payload.empty().putFault(fault));
    }
}
