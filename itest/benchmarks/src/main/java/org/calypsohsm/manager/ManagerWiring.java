package org.calypsohsm.manager;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.module.SecurityModule;

/** Does what the container does for a channel manager: binds a module to it. In this package to reach the method. */
public final class ManagerWiring {

    private ManagerWiring() {
    }

    /**
     * Makes a channel manager over one module.
     *
     * @param config configuration of the channel manager
     * @param module the module
     * @return the channel manager
     */
    public static ChannelManager over(DefaultChannelManager.Config config, SecurityModule module) {
        DefaultChannelManager manager = new DefaultChannelManager(config);
        manager.bindModule(module);
        return manager;
    }
}
