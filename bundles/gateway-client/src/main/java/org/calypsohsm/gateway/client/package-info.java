/**
 * The channel API over a gateway: {@link org.calypsohsm.gateway.client.GatewayClient} is a
 * {@link org.calypsohsm.channel.ChannelManager} whose channels are on the other side of a TLS connection.
 */
package org.calypsohsm.gateway.client;
