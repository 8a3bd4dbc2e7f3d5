package org.calypsohsm.audit;

import java.util.Objects;

/**
 * An event with its number in the audit log.
 *
 * @param sequence its number, from 1; signatures have numbers too, so the numbers of events have gaps
 * @param event    the event
 * @since 1.1
 */
public record AuditEntry(long sequence, AuditEvent event) {

    /** Checks that every part is there. */
    public AuditEntry {
        Objects.requireNonNull(event, "event");
    }
}
