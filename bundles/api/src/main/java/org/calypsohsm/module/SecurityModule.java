package org.calypsohsm.module;

import java.util.Set;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A security module: a bank of virtual SAM-S1. A provider registers one service for each module it drives, with the
 * service properties below. The channel manager is its only caller.
 */
@ConsumerType
public interface SecurityModule {

    /** Service property, {@code String}: unique name of the module. */
    String NAME = "hsm.module.name";
    /** Service property, {@code String}: kind of module, as in {@code "PCI-S3"}. */
    String KIND = "hsm.module.kind";

    /** @return what does not change while the module lives */
    ModuleInfo info();

    /** @return the state now; must be cheap, since it is asked often */
    ModuleStatus status();

    /** @return the numbers of the key groups that channels can be opened for now */
    Set<Integer> keyGroups();

    /** @return how many channels are in use now */
    int channelsInUse();

    /**
     * Opens a channel: reserves a virtual SAM-S1 as after a reset.
     *
     * @param keyGroup number of the key group
     * @return the channel
     * @throws ModuleException FULL, UNKNOWN_KEY_GROUP, NOT_SERVING or FAILED
     */
    ModuleChannel open(int keyGroup) throws ModuleException;

    /**
     * Opens a channel that goes on where a channel of another module stopped.
     *
     * @param keyGroup number of the key group
     * @param state    what {@link ModuleChannel#idleState()} of that channel gave
     * @return the channel
     * @throws ModuleException as for {@link #open(int)}, and STATE_REFUSED if this module cannot take over the state
     */
    ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException;

    /**
     * Tests the module again. A module that fails is FAILED, and mute, until a later test is good.
     *
     * @return the state afterwards
     * @since 1.1
     */
    default ModuleStatus selfTest() {
        return status();
    }

    /**
     * Tells how many operations of its lifetime are used up; must be cheap, since it is asked often.
     *
     * @return how many; 0 if it has no such limit
     * @since 1.1
     */
    default long operationsUsed() {
        return 0;
    }

    /**
     * Tells how many operations its lifetime has; it does not change.
     *
     * @return how many; 0 if it has no such limit
     * @since 1.1
     */
    default long operationsTotal() {
        return 0;
    }
}
