package org.calypsohsm.keystore;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Makes changes durable, many with one write: while one batch is on its way to the disk, the next one gathers.
 * After a write has failed, every further change is refused: what cannot be kept must not be answered.
 */
final class GroupCommit implements AutoCloseable {

    private static final long STOP_SECONDS = 10;

    private static final class Batch {

        final Set<DurableKeyGroup> changed = new LinkedHashSet<>();
        final CountDownLatch done = new CountDownLatch(1);
        RuntimeException failure;
    }

    private final SealedStore store;
    private final Thread thread;
    private Batch gathering = new Batch();
    private RuntimeException failure;
    private boolean stopped;

    GroupCommit(SealedStore store) {
        this.store = store;
        thread = new Thread(this::run, "hsm-key-store");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Returns when the present state of a group is on the disk.
     *
     * @throws KeyStoreException if it cannot be written
     */
    void commit(DurableKeyGroup group) {
        Batch mine;
        synchronized (this) {
            refuseIfBroken();
            mine = gathering;
            mine.changed.add(group);
            notifyAll();
        }
        boolean interrupted = false;
        while (true) {
            try {
                mine.done.await();
                break;
            } catch (InterruptedException e) {
                // The change is made; whether it is durable must be known before anything is answered.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (mine.failure != null) {
            throw new KeyStoreException("it cannot be written, so nothing more is counted or changed: " + mine.failure.getMessage(),
                    mine.failure);
        }
    }

    private void refuseIfBroken() {
        if (failure != null || stopped) {
            throw new KeyStoreException(failure == null ? "it is closed."
                    : "it could not be written before, so nothing more is counted or changed: " + failure.getMessage(), failure);
        }
    }

    private void run() {
        Batch batch = next();
        while (batch != null) {
            try {
                for (DurableKeyGroup group : batch.changed) {
                    group.writeTo(store);
                }
                store.commit();
            } catch (RuntimeException e) {
                batch.failure = e;
                synchronized (this) {
                    failure = e;
                }
            }
            batch.done.countDown();
            batch = next();
        }
    }

    /** @return the batch that has gathered; null at the end */
    private synchronized Batch next() {
        try {
            while (gathering.changed.isEmpty() && !stopped) {
                wait();
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
        if (gathering.changed.isEmpty()) {
            return null;
        }
        Batch batch = gathering;
        gathering = new Batch();
        if (failure != null) {
            batch.failure = failure;
        }
        return batch;
    }

    /** Writes what has gathered, and ends. */
    @Override
    public void close() {
        synchronized (this) {
            stopped = true;
            notifyAll();
        }
        try {
            thread.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
