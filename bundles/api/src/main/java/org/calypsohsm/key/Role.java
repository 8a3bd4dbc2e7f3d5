package org.calypsohsm.key;

/**
 * What an officer may do.
 *
 * @since 1.1
 */
public enum Role {
    /** Makes and removes officers, key groups and keys; transfers keys; restores a backup. */
    ADMINISTRATOR,
    /** Keeps the platform running: modules, backups. */
    OPERATOR,
    /** Knows one component of a key, never the key. */
    CUSTODIAN,
    /** Raises ceilings. */
    SUPERVISOR,
    /** Reads all, changes nothing. */
    AUDITOR
}
