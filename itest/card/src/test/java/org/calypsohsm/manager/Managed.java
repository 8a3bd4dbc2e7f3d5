package org.calypsohsm.manager;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.SecurityModule;

/** Does what the container does for a channel manager. In this package to reach its methods. */
public final class Managed implements AutoCloseable {

    private final DefaultChannelManager manager =
            new DefaultChannelManager(Configured.with(DefaultChannelManager.Config.class, Map.of()));
    private final List<SecurityModule> modules = new ArrayList<>();

    /**
     * Binds a module.
     *
     * @param module the module
     */
    public void bind(SecurityModule module) {
        modules.add(module);
        manager.bindModule(module);
    }

    /** @return the manager */
    public ChannelManager channels() {
        return manager;
    }

    @Override
    public void close() {
        modules.forEach(manager::unbindModule);
        manager.stop();
    }
}
