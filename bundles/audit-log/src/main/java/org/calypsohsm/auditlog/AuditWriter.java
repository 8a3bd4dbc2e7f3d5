package org.calypsohsm.auditlog;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.audit.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes events, many with one write: while one batch is on its way to the disk, the next one gathers. Only its thread
 * numbers, chains and signs. After a write has failed, every further event is refused.
 */
final class AuditWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AuditWriter.class);
    private static final long STOP_SECONDS = 10;

    private static final class Batch {

        final List<AuditEvent> events = new ArrayList<>();
        final CountDownLatch done = new CountDownLatch(1);
        Throwable failure;
    }

    private final LogFiles files;
    private final SigningToken token;
    private final int signEvery;
    private final long signNanos;
    private final Thread thread;

    // Guarded by this.
    private Batch gathering = new Batch();
    private Throwable failure;
    private boolean stopped;

    /** The last entry on the disk. */
    private volatile long newest;

    // Used by the thread only.
    private long sequence;
    private String previous;
    private int unsigned;
    private long unsignedSince;
    private byte[] newHead;

    /**
     * Goes on at the end of a log.
     *
     * @param signEvery after how many entries a signature follows
     * @param signNanos how long after an entry a signature follows at the latest
     */
    AuditWriter(LogFiles files, SigningToken token, int signEvery, long signNanos) throws IOException {
        this.files = files;
        this.token = token;
        this.signEvery = signEvery;
        this.signNanos = signNanos;
        sequence = files.sequence();
        newest = sequence;
        previous = files.hash();
        if (files.isNew()) {
            // Before the first entry: from then on, a log without a head was cut.
            files.writeHead(Entry.ofSignature(0, Entry.NO_HASH, Instant.now(), token).bytes());
        }
        thread = new Thread(this::run, "hsm-audit-log");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Returns when the event is on the disk.
     *
     * @throws IllegalStateException if it cannot be written
     */
    void write(AuditEvent event) {
        Batch mine;
        synchronized (this) {
            if (failure != null || stopped) {
                throw refusal(failure);
            }
            mine = gathering;
            mine.events.add(event);
            notifyAll();
        }
        boolean interrupted = false;
        while (true) {
            try {
                mine.done.await();
                break;
            } catch (InterruptedException e) {
                // Whether it was written must be known before the act takes place.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (mine.failure != null) {
            throw refusal(mine.failure);
        }
    }

    /** @return why every event is refused; null if none is */
    synchronized String problem() {
        return failure != null || stopped ? refusal(failure).getMessage() : null;
    }

    /** @return number of the last entry on the disk */
    long newest() {
        return newest;
    }

    private static IllegalStateException refusal(Throwable cause) {
        return cause == null ? new IllegalStateException("Audit log: it is closed, so nothing is administered.")
                : new IllegalStateException("Audit log: it cannot be written, so nothing is administered until it is started anew ("
                        + cause + ").", cause);
    }

    private void run() {
        try {
            for (Batch batch = next(); batch != null; batch = next()) {
                write(batch);
            }
        } catch (InterruptedException e) {
            fail(e);
            synchronized (this) {
                gathering.failure = e;
                gathering.done.countDown();
            }
        }
        try {
            files.close();
        } catch (IOException e) {
            LOG.error("Audit log: it cannot be closed: {}", e.getMessage());
        }
    }

    /** @return the batch that has gathered, without events if only a signature is due; null at the end */
    private synchronized Batch next() throws InterruptedException {
        while (gathering.events.isEmpty() && !stopped) {
            if (unsigned == 0 || failure != null) {
                wait();
            } else {
                long left = signNanos - (System.nanoTime() - unsignedSince);
                if (left <= 0) {
                    break;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left + TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
        if (gathering.events.isEmpty() && (failure != null || unsigned == 0)) {
            return null;
        }
        Batch batch = gathering;
        gathering = new Batch();
        batch.failure = failure;
        return batch;
    }

    private void write(Batch batch) {
        try {
            if (batch.failure == null) {
                append(batch.events);
            }
        } catch (IOException | RuntimeException | Error e) {
            batch.failure = e;
            fail(e);
        }
        batch.done.countDown();
        try {
            if (newHead != null && batch.failure == null) {
                files.writeHead(newHead);
                LOG.info("Audit log: signed up to entry {}, whose hash is {}.", sequence, previous);
                newHead = null;
            }
        } catch (IOException | RuntimeException | Error e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable cause) {
        LOG.error("Audit log: it cannot be written, so nothing is administered until it is started anew.", cause);
        failure = failure == null ? cause : failure;
    }

    private void append(List<AuditEvent> events) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        long first = sequence + 1;
        for (AuditEvent event : events) {
            add(lines, Entry.ofEvent(sequence + 1, previous, event));
            if (unsigned++ == 0) {
                unsignedSince = System.nanoTime();
            }
            if (unsigned >= signEvery) {
                sign(lines);
            }
        }
        if (unsigned > 0 && (events.isEmpty() || System.nanoTime() - unsignedSince >= signNanos)) {
            sign(lines);
        }
        files.append(lines.toByteArray(), first);
        newest = sequence;
    }

    private void sign(ByteArrayOutputStream lines) {
        Entry.Line line = Entry.ofSignature(sequence + 1, previous, Instant.now(), token);
        add(lines, line);
        unsigned = 0;
        newHead = line.bytes();
    }

    private void add(ByteArrayOutputStream lines, Entry.Line line) {
        lines.writeBytes(line.bytes());
        sequence++;
        previous = line.hash();
    }

    /** Writes what has gathered, signs it, and closes the files. */
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
