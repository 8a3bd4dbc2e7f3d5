package org.calypsohsm.auditing;

import java.time.Instant;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the audit log, if there is one. What somebody orders is recorded before it is done, and not done if that fails; what
 * happens by itself is noted in the background, since nothing could be refused any more and nobody may wait for a disk.
 */
public final class AuditClient {

    private static final Logger LOG = LoggerFactory.getLogger(AuditClient.class);
    /** As many sessions as two of the largest modules can lose at once. */
    private static final int MOST_NOTES = 10_000;
    private static final long WAIT_SECONDS = 1;
    private static final String PLATFORM = "platform";

    private final String owner;
    private final String pid;
    private final boolean required;
    private final ThreadPoolExecutor notes;
    /** Held while the log is called: it is deactivated only after the last call. */
    private final ReentrantReadWriteLock calls = new ReentrantReadWriteLock();
    private volatile AuditLog log;

    /**
     * Makes the client.
     *
     * @param owner    who tells, as the beginning of a sentence, as in {@code "Channel manager"}
     * @param pid      where {@code auditRequired} is configured
     * @param required whether acts are refused while no log is present
     */
    public AuditClient(String owner, String pid, boolean required) {
        this.owner = owner;
        this.pid = pid;
        this.required = required;
        // One thread, so that notes keep their order.
        notes = new ThreadPoolExecutor(1, 1, WAIT_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MOST_NOTES), task -> {
            Thread thread = new Thread(task, "hsm-audit-notes");
            thread.setDaemon(true);
            return thread;
        }, (task, pool) -> LOG.error("Not in the audit log, since too much waits for it: {}", task));
        notes.allowCoreThreadTimeOut(true);
    }

    /**
     * Takes the log that has come.
     *
     * @param next the log
     */
    public void come(AuditLog next) {
        log = next;
    }

    /**
     * Lets a log go; returns when no call is in it any more, unless one does not come back.
     *
     * @param gone the log
     */
    public void go(AuditLog gone) {
        boolean locked = false;
        try {
            locked = calls.writeLock().tryLock(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (log == gone) {
            log = null;
        }
        if (locked) {
            calls.writeLock().unlock();
        }
    }

    /**
     * Records what somebody orders; returns when it is recorded.
     *
     * @param act     what is to be done, in the form {@code "module.drain"}
     * @param subject to what
     * @param actor   who orders it
     * @param outcome what it means, in one sentence
     * @throws IllegalStateException if it is not recorded: the order must not be carried out
     */
    public void order(String act, String subject, String actor, String outcome) {
        record(new AuditEvent(Instant.now(), act, subject, actor, outcome), required);
    }

    private void record(AuditEvent event, boolean must) {
        calls.readLock().lock();
        try {
            AuditLog present = log;
            if (present != null) {
                present.record(event);
            } else if (must) {
                throw new IllegalStateException(owner + ": no audit log is present, and auditRequired is set in " + pid + ", so "
                        + event.act() + " is refused.");
            }
        } catch (IllegalStateException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            throw new IllegalStateException(owner + ": the audit log failed, so " + event.act() + " is refused: " + e, e);
        } finally {
            calls.readLock().unlock();
        }
    }

    /**
     * Records what has happened by itself, some time soon; never waits and never fails.
     *
     * @param act     what happened, in the form {@code "session.lost"}
     * @param subject to what
     * @param outcome how it ended, in one sentence
     */
    public void note(String act, String subject, String outcome) {
        if (log != null) {
            notes.execute(new Note(new AuditEvent(Instant.now(), act, subject, PLATFORM, outcome)));
        }
    }

    private final class Note implements Runnable {

        private final AuditEvent event;

        Note(AuditEvent event) {
            this.event = event;
        }

        @Override
        public void run() {
            try {
                record(event, false);
            } catch (IllegalStateException e) {
                LOG.error("Not in the audit log: {}: {}", event, e.getMessage());
            }
        }

        @Override
        public String toString() {
            return event.toString();
        }
    }

    /** Lets what is noted be recorded, and ends. */
    public void stop() {
        notes.shutdown();
        try {
            if (!notes.awaitTermination(WAIT_SECONDS, TimeUnit.SECONDS)) {
                LOG.error("Not in the audit log, since it does not come back: {} events.", notes.getQueue().size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
