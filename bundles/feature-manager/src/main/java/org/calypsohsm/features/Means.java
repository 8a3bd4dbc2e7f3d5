package org.calypsohsm.features;

import java.time.Duration;
import java.util.function.Supplier;

import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.channel.ChannelManager;

/**
 * What an operation works with.
 *
 * @param runtime      the framework
 * @param repository   where jars come from
 * @param folder       what comes back at the next start
 * @param channels     the channel manager; gives null while there is none
 * @param trust        who signed the jars
 * @param audit        the way to the audit log
 * @param startTimeout how long a feature that comes may take until it is up
 */
record Means(FeatureRuntime runtime, FeatureRepository repository, FeatureFolder folder, Supplier<ChannelManager> channels,
        Trust trust, AuditClient audit, Duration startTimeout) {
}
