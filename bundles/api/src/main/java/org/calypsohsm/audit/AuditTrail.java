package org.calypsohsm.audit;

import java.util.List;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that shows and checks what the audit log holds. Safe for many threads.
 *
 * @since 1.1
 */
@ProviderType
public interface AuditTrail {

    /**
     * Checks all entries, from the first to the last that is on the disk.
     *
     * @return that all is as it was written, or the first bad entry
     * @throws IllegalStateException if the log cannot be read
     */
    AuditReport verify();

    /**
     * Shows the newest events. They are not checked.
     *
     * @param count how many at most, 0 or more
     * @return the events, the newest last
     * @throws IllegalArgumentException if the count is negative
     * @throws IllegalStateException    if the log cannot be read
     */
    List<AuditEntry> tail(int count);

    /**
     * Tells why events are refused, without recording one. Cheap.
     *
     * @return the reason in one sentence; null if the last event was kept, so that the next one should be too
     */
    default String problem() {
        return null;
    }

    /**
     * Tells which entry is the newest, so that who looks often reads the log only if there is something new. Cheap.
     *
     * @return its number, also if it is a signature; 0 if there is none; -1 if that is not known
     */
    default long newest() {
        return -1;
    }
}
