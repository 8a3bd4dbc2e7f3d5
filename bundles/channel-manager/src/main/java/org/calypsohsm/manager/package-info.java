/**
 * The channel manager. {@code DefaultChannelManager} is the service; {@code Placement} decides which module gets a channel;
 * {@code ManagedChannel} is a channel as its user holds it, and moves between modules; {@code Drain} empties a module;
 * The embedded {@code AuditClient} tells the audit log.
 *
 * <p>Locks: each channel has its own; {@code Placement} has one for opening, closing and moving. A thread may take the
 * second while it holds the first, never the other way round. An exchange takes only its channel's. No code of a module or
 * of a user runs with the second.
 */
package org.calypsohsm.manager;
