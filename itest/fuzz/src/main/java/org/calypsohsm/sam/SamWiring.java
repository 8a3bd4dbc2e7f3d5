package org.calypsohsm.sam;

import java.util.function.IntFunction;
import java.util.function.LongSupplier;

import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.product.SecurityPlugin;

/** Does what the container does for the virtual SAM, with challenges and a clock that repeat. In this package to reach the seam. */
public final class SamWiring {

    private final SamEmulator emulator;

    /**
     * Makes the service, without a security plugin.
     *
     * @param random gives random bytes of a length
     * @param clock  nanoseconds, for busy mode
     */
    public SamWiring(IntFunction<byte[]> random, LongSupplier clock) {
        emulator = new SamEmulator(0, random::apply, new GeneratorCheck(), clock);
    }

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
