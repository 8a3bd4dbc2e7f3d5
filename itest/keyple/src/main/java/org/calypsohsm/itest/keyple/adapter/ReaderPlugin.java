package org.calypsohsm.itest.keyple.adapter;

import java.util.Set;

import org.eclipse.keyple.core.common.CommonApiProperties;
import org.eclipse.keyple.core.common.KeyplePluginExtension;
import org.eclipse.keyple.core.common.KeyplePluginExtensionFactory;
import org.eclipse.keyple.core.plugin.PluginApiProperties;
import org.eclipse.keyple.core.plugin.spi.PluginFactorySpi;
import org.eclipse.keyple.core.plugin.spi.PluginSpi;
import org.eclipse.keyple.core.plugin.spi.reader.ReaderSpi;

/** A Keyple plugin with readers that are known from the start. Register one for each terminal. */
public final class ReaderPlugin implements KeyplePluginExtensionFactory, PluginFactorySpi, KeyplePluginExtension, PluginSpi {

    private final String name;
    private final Set<ReaderSpi> readers;

    /**
     * Makes the plugin, to be registered with Keyple's smart card service.
     *
     * @param name    unique name of the plugin
     * @param readers its readers
     */
    public ReaderPlugin(String name, ReaderSpi... readers) {
        this.name = name;
        this.readers = Set.of(readers);
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
    public String getPluginName() {
        return name;
    }

    @Override
    public PluginSpi getPlugin() {
        return this;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public Set<ReaderSpi> searchAvailableReaders() {
        return readers;
    }

    @Override
    public void onUnregister() {
        // Channels and cards belong to those who made the readers.
    }
}
