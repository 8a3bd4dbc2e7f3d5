package org.calypsohsm.keystore;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Makes changes durable, many with one write: while one batch is on its way to the disk, the next one gathers.
 * After a write has failed, every further change is refused: what cannot be kept must not be answered.
 */
public final class GroupCommit implements AutoCloseable {

    private static final long STOP_SECONDS = 10;

    private static final class Batch {

        final Set<Change> changed = new LinkedHashSet<>();
        final CompletableFuture<Void> done = new CompletableFuture<>();
    }

    private final SealedStore store;
    private final Consumer<RuntimeException> onFailure;
    private final Thread thread;
    private Batch gathering = new Batch();
    private Batch writing = new Batch();
    private volatile RuntimeException failure;
    private boolean stopped;

    /**
     * Starts to write.
     *
     * @param store     where to
     * @param onFailure called once when a write fails
     */
    GroupCommit(SealedStore store, Consumer<RuntimeException> onFailure) {
        this.store = store;
        this.onFailure = onFailure;
        thread = new Thread(this::run, "hsm-key-store");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Returns when the present state of something is on the disk.
     *
     * @param change what has to get there
     * @throws KeyStoreException if it cannot be written
     */
    public void commit(Change change) {
        try {
            add(change).join();
        } catch (CompletionException e) {
            throw new KeyStoreException("it cannot be written, so nothing more is counted or changed: "
                    + e.getCause().getMessage(), e.getCause());
        }
    }

    /**
     * Sees to it that the present state of something gets to the disk.
     *
     * @return completes when it is there
     * @throws KeyStoreException if the store is closed, or could not be written before
     */
    synchronized CompletableFuture<Void> add(Change change) {
        refuseIfBroken();
        if (gathering.changed.isEmpty()) {
            notifyAll();
        }
        gathering.changed.add(change);
        return gathering.done;
    }

    /**
     * Tells when all changes of something so far are on the disk.
     *
     * @return completes then, or with what went wrong; null if they are there. After a write has failed it is never null:
     *         what was lost with it must not be answered
     */
    synchronized CompletionStage<Void> pending(Change change) {
        if (failure != null) {
            return CompletableFuture.failedFuture(failure);
        }
        return gathering.changed.contains(change) ? gathering.done : writing.changed.contains(change) ? writing.done : null;
    }

    private void refuseIfBroken() {
        if (failure != null || stopped) {
            throw new KeyStoreException(failure == null ? "it is closed."
                    : "it could not be written before, so nothing more is counted or changed: " + failure.getMessage(), failure);
        }
    }

    private void run() {
        for (Batch batch = next(); batch != null; batch = next()) {
            RuntimeException before = failure;
            RuntimeException fault = write(batch);
            synchronized (this) {
                failure = fault;
                writing = new Batch();
            }
            if (fault == null) {
                batch.done.complete(null);
            } else {
                batch.done.completeExceptionally(fault);
            }
            if (fault != null && before == null) {
                onFailure.accept(fault);
            }
        }
    }

    private RuntimeException write(Batch batch) {
        if (failure != null) {
            return failure;
        }
        try {
            for (Change change : batch.changed) {
                change.writeTo(store);
            }
            store.commit();
            return null;
        } catch (RuntimeException e) {
            return e;
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
        writing = gathering;
        gathering = new Batch();
        return writing;
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
