package org.calypsohsm.console;

import java.util.List;

import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.monitoring.Services;

/** The newest events of the audit log. The log is read only when it has become longer, and not more often than is of use. */
final class AuditTail {

    private static final int EVENTS = 40;
    private static final long LEAST_NANOS = 2_000_000_000L;

    private final Services services;
    private List<AuditEntry> last = List.of();
    private long newest = -1;
    private long readAt;

    AuditTail(Services services) {
        this.services = services;
    }

    /** @return the events, the newest last; as they were some seconds ago */
    synchronized List<AuditEntry> events() {
        return services.use(AuditTrail.class, trail -> {
            long now = trail.newest();
            if ((now < 0 || now != newest) && (readAt == 0 || System.nanoTime() - readAt >= LEAST_NANOS)) {
                try {
                    last = trail.tail(EVENTS);
                    newest = now;
                } catch (IllegalStateException e) {
                    // Why it cannot be read is told as its problem; what was read before is still true.
                    newest = -1;
                }
                readAt = System.nanoTime() | 1;
            }
            return last;
        }, List.of());
    }
}
