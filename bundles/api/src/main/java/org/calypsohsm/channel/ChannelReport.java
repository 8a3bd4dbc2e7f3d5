package org.calypsohsm.channel;

import java.time.Duration;

/**
 * What a deployer sees of an open channel.
 *
 * @param id       number of the channel
 * @param keyGroup number of its key group
 * @param module   name of the module it is on; null while it waits for one
 * @param idle     how long ago its last exchange was
 * @param session  how long the session in progress has been running, to within the channel manager's {@code watchMillis}; zero
 *                 if none is
 * @since 1.1
 */
public record ChannelReport(long id, int keyGroup, String module, Duration idle, Duration session) {
}
