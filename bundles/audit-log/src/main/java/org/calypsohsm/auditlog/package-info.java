/**
 * The audit log. {@code ChainedAuditLog} is the service; {@code AuditWriter} gathers events and writes them with one thread;
 * {@code Entry} is the form of a line; {@code LogFiles} are the files; {@code AuditVerifier} checks them.
 */
package org.calypsohsm.auditlog;
