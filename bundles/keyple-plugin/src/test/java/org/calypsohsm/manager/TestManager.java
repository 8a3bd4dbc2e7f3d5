package org.calypsohsm.manager;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.SecurityModule;

/** The real channel manager, with modules that a test brings as the service registry does. */
public final class TestManager implements AutoCloseable {

    private final DefaultChannelManager manager = new DefaultChannelManager(Configured.with(DefaultChannelManager.Config.class,
            Map.of("drainMillis", 200L, "successorGraceMillis", 200L, "watchMillis", 20L, "stuckMillis", 60_000L, "asyncThreads", 2)));
    private final AtomicInteger refused = new AtomicInteger();
    private final ChannelManager counting = (ChannelManager) Proxy.newProxyInstance(ChannelManager.class.getClassLoader(),
            new Class<?>[] {ChannelManager.class}, (proxy, method, arguments) -> {
                try {
                    return method.invoke(manager, arguments);
                } catch (InvocationTargetException e) {
                    if (e.getCause() instanceof NoChannelFreeException) {
                        refused.incrementAndGet();
                    }
                    throw e.getCause();
                }
            });

    /** @return the channel manager */
    public ChannelManager channels() {
        return counting;
    }

    /** @return how often no channel was free */
    public int refused() {
        return refused.get();
    }

    /** @return how many wait in the queue */
    public int waiting() {
        return manager.placement().waiting();
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
