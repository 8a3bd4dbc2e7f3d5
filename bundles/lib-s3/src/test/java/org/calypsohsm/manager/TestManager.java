package org.calypsohsm.manager;

import java.util.Map;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.SecurityModule;

/** The real channel manager, with modules that a test brings as the service registry does. */
public final class TestManager implements AutoCloseable {

    private final DefaultChannelManager manager = new DefaultChannelManager(Configured.with(DefaultChannelManager.Config.class,
            Map.of("drainMillis", 200L, "successorGraceMillis", 200L, "watchMillis", 20L, "stuckMillis", 60_000L, "asyncThreads", 2)));

    /** @return the channel manager */
    public DefaultChannelManager channels() {
        return manager;
    }

    /** A module comes. */
    public void come(SecurityModule module) {
        manager.bindModule(module);
    }

    /** A module goes. */
    public void go(SecurityModule module) {
        manager.unbindModule(module);
    }

    /** @return how many channels are open */
    public int open() {
        return manager.channels().size();
    }

    @Override
    public void close() {
        manager.stop();
    }
}
