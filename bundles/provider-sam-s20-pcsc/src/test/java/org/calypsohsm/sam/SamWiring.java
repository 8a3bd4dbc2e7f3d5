package org.calypsohsm.sam;

import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.product.SecurityPlugin;

/** Does what the container does for the virtual SAM. In this package to reach the seam. */
public final class SamWiring {

    private final SamEmulator emulator = new SamEmulator(0, new DrbgPool());

    /**
     * Adds a security plugin.
     *
     * @param plugin the plugin
     * @param algs   ALG codes that it serves
     */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public void add(SecurityPlugin plugin, int... algs) {
        emulator.plugins().add(plugin, plugin.getClass().getSimpleName(), (Comparable) Integer.valueOf(0), algs);
    }

    /** @return the service */
    public SamEmulation emulation() {
        return emulator;
    }
}
