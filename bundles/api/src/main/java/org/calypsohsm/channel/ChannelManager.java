package org.calypsohsm.channel;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that opens channels over all security modules present, and moves them when modules come and go.
 * Safe for many threads.
 */
@ProviderType
public interface ChannelManager {

    /**
     * Opens a channel, waiting in a fair queue while all channels for its key group are taken.
     *
     * @param request key group, deadline and lease
     * @return the open channel, as after a reset of the virtual SAM
     * @throws UnknownKeyGroupException if modules are present and none has the key group
     * @throws NoChannelFreeException   if none became free before the deadline; it says how many are in use
     * @throws InterruptedException     if the thread was interrupted while it waited; nothing is reserved then
     */
    Channel open(ChannelRequest request) throws ChannelException, InterruptedException;

    /**
     * Opens a channel without blocking the caller. Cancelling the stage's future leaves the queue.
     *
     * @param request key group, deadline and lease
     * @return completes with the channel, or with what {@link #open(ChannelRequest)} throws
     */
    CompletionStage<Channel> openAsync(ChannelRequest request);

    /** @return one report for each module present, in the order of their names */
    List<ModuleReport> modules();

    /**
     * Takes channels off a module: no new ones open on it, idle ones move to other modules at once, and sessions in
     * progress may go on until the deadline; after it, their next exchange fails with {@link ChannelLostException}.
     * The module stays in the state DRAINING until {@link #undrain(String)} or until its service goes.
     *
     * @param module   name of the module
     * @param deadline how long sessions in progress may go on
     * @return completes when the module has no channel any more, with what became of them
     * @throws IllegalArgumentException if no module of that name is present
     * @throws IllegalStateException    if it cannot be recorded in the audit log; nothing is drained then
     */
    CompletionStage<DrainReport> drain(String module, Duration deadline);

    /**
     * Lets a drained module take channels again.
     *
     * @param module name of the module
     * @throws IllegalArgumentException if no module of that name is present
     * @throws IllegalStateException    if it cannot be recorded in the audit log; nothing changes then
     */
    void undrain(String module);

    /**
     * Lists the open channels.
     *
     * @return one report for each channel, in the order of their numbers
     * @since 1.1
     */
    List<ChannelReport> channels();

    /**
     * Has a module test itself. A module that fails is FAILED; its channels move to other modules as after any failure.
     *
     * @param module name of the module
     * @return the module afterwards
     * @throws IllegalArgumentException if no module of that name is present
     * @throws IllegalStateException    if it cannot be recorded in the audit log; nothing is tested then
     * @since 1.1
     */
    ModuleReport selfTest(String module);

    /**
     * Tells how many requests wait for a channel.
     *
     * @return how many, for all key groups together
     * @since 1.1
     */
    default int waiting() {
        return 0;
    }
}
