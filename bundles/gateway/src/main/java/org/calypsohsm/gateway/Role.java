package org.calypsohsm.gateway;

/** What a client of the gateway may do. */
enum Role {
    /** Installs and removes features. */
    ADMINISTRATOR,
    /** Keeps the platform running: drains and tests modules. */
    OPERATOR,
    /** Raises ceilings. */
    SUPERVISOR,
    /** Reads all, changes nothing. */
    AUDITOR,
    /** Reads measurements. */
    METRICS,
    /** Uses channels, for its key groups. */
    CLIENT
}
