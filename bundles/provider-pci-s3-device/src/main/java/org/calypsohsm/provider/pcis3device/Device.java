package org.calypsohsm.provider.pcis3device;

import java.util.Set;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleStatus;

/** A way to a device. */
interface Device {

    /** @return how it is; known without asking it */
    ModuleStatus status();

    /** @return its key groups, as far as it told them */
    Set<Integer> keyGroups();

    /** Opens a channel that goes on from a state; any thread. */
    ModuleChannel open(int keyGroup, ChannelState state) throws ModuleException;

    /** Has it test itself. */
    void selfTest();

    /** Lets go of it. Nothing is called afterwards. */
    void close();
}
