package org.calypsohsm.channel;

import java.time.Duration;

/**
 * What became of the channels of a drained module.
 *
 * @param module  name of the module
 * @param moved   channels that went on at another module
 * @param closed  channels that their users closed meanwhile
 * @param lost    sessions that were still in progress at the deadline
 * @param waiting channels without a session that no other module had room for; they wait for one
 * @param took    how long it took
 */
public record DrainReport(String module, int moved, int closed, int lost, int waiting, Duration took) {
}
