/**
 * The protocol between a container and a card process: frames over a Unix domain socket. {@link
 * org.calypsohsm.cardlink.LinkLoop} is the one thread of a side, {@link org.calypsohsm.cardlink.Link} a connection, {@link
 * org.calypsohsm.cardlink.Payload} what is in a frame. Embedded by both sides, see README.md for the frames.
 */
package org.calypsohsm.cardlink;
