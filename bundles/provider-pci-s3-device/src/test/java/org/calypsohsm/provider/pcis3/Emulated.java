package org.calypsohsm.provider.pcis3;

import java.util.Map;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SecurityModule;

/** The embedded module that is behind a card, without a container. In this package to reach its methods. */
public final class Emulated {

    private Emulated() {
    }

    /**
     * Starts one with 100 channels and the serial number C0FFEE01.
     *
     * @param store     its key store
     * @param emulation makes its virtual SAM-S1
     * @return the module
     */
    public static SecurityModule start(KeyStore store, SamEmulation emulation) {
        return new PciS3Module(Configured.with(PciS3Module.Config.class, Map.of("hsm_module_name", "inside", "model", 100,
                "serialNumber", "C0FFEE01", "version", 5)), store, emulation);
    }

    /**
     * Stops it.
     *
     * @param module the module
     */
    public static void stop(SecurityModule module) {
        ((PciS3Module) module).stop();
    }
}
