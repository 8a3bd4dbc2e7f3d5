/**
 * Serves a security module over a Unix domain socket. {@code CardServer} is the component, {@code SocketFile} its socket,
 * {@code ServedLink} a connection, {@code ServedChannel} a channel of it.
 */
package org.calypsohsm.cardserver;
