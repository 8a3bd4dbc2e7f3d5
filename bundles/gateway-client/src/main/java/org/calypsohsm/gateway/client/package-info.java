/**
 * The channel API over a gateway: {@link org.calypsohsm.gateway.client.GatewayClient} is a
 * {@link org.calypsohsm.channel.ChannelManager} whose channels are on the other side of a TLS connection.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.gateway.client;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
