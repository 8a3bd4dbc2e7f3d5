package org.calypsohsm.keyple.service;

import java.time.Duration;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.keyple.ChannelPluginFactory;
import org.eclipse.keyple.core.common.CommonApiProperties;
import org.eclipse.keyple.core.common.KeyplePluginExtensionFactory;
import org.eclipse.keyple.core.plugin.PluginApiProperties;
import org.eclipse.keyple.core.plugin.spi.PoolPluginFactorySpi;
import org.eclipse.keyple.core.plugin.spi.PoolPluginSpi;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The factory over the channel manager of a container, as a service. When it goes, its plugins are closed; a server registers
 * the plugin again when it comes back.
 */
@Component(service = KeyplePluginExtensionFactory.class, configurationPid = "org.calypsohsm.keyple")
@Designate(ocd = PluginService.Config.class)
public final class PluginService implements KeyplePluginExtensionFactory, PoolPluginFactorySpi {

    /** Configuration of the plugin. */
    @ObjectClassDefinition(name = "Keyple plugin")
    public @interface Config {

        /** @return unique name of the plugin */
        @AttributeDefinition(description = "Unique name of the plugin")
        String name() default ChannelPluginFactory.DEFAULT_NAME;

        /** @return how long an allocation waits for a free channel, in milliseconds */
        @AttributeDefinition(description = "How long an allocation waits for a free channel, in milliseconds; 0 does not wait")
        long deadlineMillis() default 0;

        /** @return after how long without an exchange a channel is taken back, in milliseconds; 0 never */
        @AttributeDefinition(description = "After how long without an exchange a channel is taken back, in milliseconds; 0 never")
        long idleTimeoutMillis() default 120_000;
    }

    private final ChannelPluginFactory factory;

    /**
     * Makes the factory.
     *
     * @param config   its configuration
     * @param channels the channel manager
     */
    @Activate
    public PluginService(Config config, @Reference ChannelManager channels) {
        factory = new ChannelPluginFactory(channels, config.name(), Duration.ofMillis(config.deadlineMillis()),
                Duration.ofMillis(config.idleTimeoutMillis()));
    }

    /** Closes the plugins. */
    @Deactivate
    public void stop() {
        factory.close();
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
        return factory.getPoolPluginName();
    }

    @Override
    public PoolPluginSpi getPoolPlugin() {
        return factory.getPoolPlugin();
    }
}
