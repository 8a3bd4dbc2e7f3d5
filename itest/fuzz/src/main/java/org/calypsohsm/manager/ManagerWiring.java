package org.calypsohsm.manager;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.module.SecurityModule;

/** Does what the container does for a channel manager: binds modules to it, and stops it. In this package to reach the methods. */
public final class ManagerWiring implements AutoCloseable {

    private final DefaultChannelManager manager;

    /**
     * Makes a channel manager over modules.
     *
     * @param config  configuration of the channel manager
     * @param modules the modules
     */
    public ManagerWiring(DefaultChannelManager.Config config, SecurityModule... modules) {
        manager = new DefaultChannelManager(config);
        for (SecurityModule module : modules) {
            manager.bindModule(module);
        }
    }

    /** @return the channel manager */
    public ChannelManager manager() {
        return manager;
    }

    @Override
    public void close() {
        manager.stop();
    }
}
