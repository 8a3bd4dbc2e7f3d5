package org.calypsohsm.itest.kit.fault;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A fault that is there until it is ended, or until the test ends. */
public final class Fault {

    /** How long {@link #awaitHits(int)} waits: 20 s. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String name;
    private final Runnable undo;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition change = lock.newCondition();
    private int hits;
    private boolean ended;

    Fault(String name, Runnable undo) {
        this.name = name;
        this.undo = undo;
    }

    /** @return how often it has struck */
    public int hits() {
        lock.lock();
        try {
            return hits;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until it has struck.
     *
     * @param count how often, 1 or more
     * @return this
     * @throws AssertionError       if it has not within {@link #PATIENCE}
     * @throws InterruptedException if the thread was interrupted
     */
    public Fault awaitHits(int count) throws InterruptedException {
        lock.lock();
        try {
            long left = PATIENCE.toNanos();
            while (hits < count) {
                if (left <= 0) {
                    throw new AssertionError("Within " + PATIENCE.toSeconds() + " s the fault \"" + name + "\" has struck " + hits
                            + " times and not " + count + ": no command came that it is for.");
                }
                left = change.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return this;
    }

    /** Ends it; who is held up by it goes on. Ending twice is harmless. */
    public void end() {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            change.signalAll();
        } finally {
            lock.unlock();
        }
        undo.run();
    }

    void strike() {
        lock.lock();
        try {
            hits++;
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Holds a thread up.
     *
     * @param nanos at most how long
     * @return false if the thread was interrupted
     */
    boolean hold(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (!ended && left > 0) {
                left = change.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Holds a thread up until the fault ends. */
    boolean hold() {
        return hold(TimeUnit.DAYS.toNanos(1));
    }

    @Override
    public String toString() {
        return name;
    }
}
