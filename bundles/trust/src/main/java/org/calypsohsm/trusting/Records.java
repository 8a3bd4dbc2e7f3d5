package org.calypsohsm.trusting;

import java.util.ArrayDeque;
import java.util.Queue;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.trust.TrustReport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what happens, in the log and in the audit log; what happens before there is an audit log waits for it. */
final class Records {

    private static final Logger LOG = LoggerFactory.getLogger("org.calypsohsm.trusting.Trust");
    private static final int MOST_WAITING = 1000;

    private final AuditClient audit = new AuditClient("Bundle trust", Activator.STORE, false);
    private final Queue<Entry> waiting = new ArrayDeque<>();
    private boolean present;

    private record Entry(String act, String subject, String outcome) {
    }

    void refused(TrustReport report) {
        LOG.warn(report.sentence());
        note(new Entry("bundle.refused", report.bundle(), report.sentence()));
    }

    void changed(String folder, String sentence) {
        LOG.warn("The trust store {} has changed: {}", folder, sentence);
        note(new Entry("trust.change", folder, sentence));
    }

    void ended(String sentence) {
        LOG.warn(sentence);
        note(new Entry("trust.stop", "bundle trust", sentence));
    }

    private synchronized void note(Entry entry) {
        if (present) {
            audit.note(entry.act(), entry.subject(), entry.outcome());
        } else if (waiting.size() < MOST_WAITING) {
            waiting.add(entry);
        } else {
            LOG.error("Not in the audit log, since too much waits for it: {}", entry);
        }
    }

    synchronized void come(AuditLog log) {
        audit.come(log);
        present = true;
        for (Entry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            note(entry);
        }
    }

    void go(AuditLog log) {
        synchronized (this) {
            present = false;
        }
        // Not under the lock: it waits for calls of the log.
        audit.go(log);
    }

    void stop() {
        audit.stop();
    }
}
