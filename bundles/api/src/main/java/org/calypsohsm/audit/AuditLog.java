package org.calypsohsm.audit;

import org.osgi.annotation.versioning.ProviderType;

/** The service that keeps audit events. */
@ProviderType
public interface AuditLog {

    /**
     * Keeps an event.
     *
     * @param event the event
     * @throws IllegalStateException if it cannot be written; the act must then not take place
     */
    void record(AuditEvent event);
}
