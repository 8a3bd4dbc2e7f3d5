package org.calypsohsm.keyple;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.eclipse.keyple.core.common.CommonApiProperties;
import org.eclipse.keyple.core.common.KeyplePluginExtensionFactory;
import org.eclipse.keyple.core.plugin.PluginApiProperties;
import org.eclipse.keyple.core.plugin.spi.PoolPluginFactorySpi;
import org.eclipse.keyple.core.plugin.spi.PoolPluginSpi;

/**
 * What a server registers with Keyple's smart card service, as in {@code registerPlugin(new ChannelPluginFactory(channels))}.
 * The channel manager may be in this process or the client of one elsewhere.
 */
public final class ChannelPluginFactory implements KeyplePluginExtensionFactory, PoolPluginFactorySpi, AutoCloseable {

    /** Name of the plugin unless another one is given. */
    public static final String DEFAULT_NAME = "CalypsoHsmPoolPlugin";

    private final ChannelManager channels;
    private final String name;
    private final Duration deadline;
    private final Duration idleTimeout;
    private final List<ChannelPoolPlugin> plugins = new CopyOnWriteArrayList<>();

    /**
     * Makes a factory with the usual name and lease, that does not wait for a free channel.
     *
     * @param channels the channel manager
     */
    public ChannelPluginFactory(ChannelManager channels) {
        this(channels, DEFAULT_NAME, Duration.ZERO, ChannelRequest.DEFAULT_IDLE_TIMEOUT);
    }

    /**
     * Makes a factory.
     *
     * @param channels    the channel manager
     * @param name        unique name of the plugin
     * @param deadline    how long an allocation waits in the queue for a free channel; zero does not wait
     * @param idleTimeout after how long without an exchange a channel is taken back; zero or less never
     * @throws IllegalArgumentException if the name is empty or the deadline is negative
     */
    public ChannelPluginFactory(ChannelManager channels, String name, Duration deadline, Duration idleTimeout) {
        this.channels = Objects.requireNonNull(channels, "channels");
        if (name.isBlank()) {
            throw new IllegalArgumentException("A Keyple plugin has a name; this one is empty.");
        }
        this.name = name;
        this.deadline = new ChannelRequest(0, deadline, idleTimeout).deadline();
        this.idleTimeout = idleTimeout;
    }

    @Override
    public String getPluginApiVersion() {
        return PluginApiProperties.VERSION;
    }

    @Override
    public String getCommonApiVersion() {
        return CommonApiProperties.VERSION;
    }

    @Override
    public String getPoolPluginName() {
        return name;
    }

    @Override
    public PoolPluginSpi getPoolPlugin() {
        ChannelPoolPlugin plugin = new ChannelPoolPlugin(name, channels, deadline, idleTimeout);
        plugins.add(plugin);
        return plugin;
    }

    /** Closes the channels of all plugins that it made, which allocate no more: for when the channel manager goes. */
    @Override
    public void close() {
        plugins.forEach(ChannelPoolPlugin::onUnregister);
        plugins.clear();
    }
}
