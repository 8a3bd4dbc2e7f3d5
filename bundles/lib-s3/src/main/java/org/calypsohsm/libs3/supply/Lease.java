package org.calypsohsm.libs3.supply;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;

import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.libs3.supply.Supply.Question;

/**
 * A channel manager that comes and goes. Who asks it holds it meanwhile: it does not go before the answer is there. Exchanges
 * need no lease, since a channel closes itself when its manager goes.
 */
final class Lease {

    /** A module changes its state without telling. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Condition changed = lock.writeLock().newCondition();
    private ChannelManager manager;

    void come(ChannelManager newManager) {
        lock.writeLock().lock();
        try {
            manager = newManager;
            changed.signalAll();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Returns when nobody is in the manager any more. */
    void go(ChannelManager oldManager) {
        lock.writeLock().lock();
        try {
            // Its successor may have come before.
            if (manager == oldManager) {
                manager = null;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /**
     * Asks the manager.
     *
     * @throws SupplyException if there is none
     */
    <R> R ask(Question<R> question) throws SupplyException, ChannelException, InterruptedException {
        lock.readLock().lock();
        try {
            if (manager == null) {
                throw new SupplyException("There is no channel manager at the moment; try again when it is back.", null);
            }
            return question.ask(manager);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Waits for a manager that is as wished.
     *
     * @return whether there is a manager at all
     */
    boolean await(Predicate<ChannelManager> wish, long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        lock.writeLock().lockInterruptibly();
        try {
            while ((manager == null || !wish.test(manager)) && System.nanoTime() - end < 0) {
                changed.awaitNanos(LOOK_NANOS);
            }
            return manager != null;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
