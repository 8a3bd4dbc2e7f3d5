package org.calypsohsm.provider.pcis3device;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.SecurityModule;

/** Modules without a container. In this package to reach their methods. */
public final class Driven {

    private Driven() {
    }

    /**
     * Starts a module of 1,000 channels.
     *
     * @param name         its name
     * @param socket       where its card is
     * @param serialNumber serial number of its card
     * @return the module
     * @throws IOException if the system refuses what it needs
     */
    public static SecurityModule start(String name, Path socket, String serialNumber) throws IOException {
        return start(name, socket, serialNumber, 1);
    }

    /**
     * Starts a module of 1,000 channels.
     *
     * @param name         its name
     * @param socket       where its card is
     * @param serialNumber serial number of its card
     * @param version      version of its card
     * @return the module
     * @throws IOException if the system refuses what it needs
     */
    public static SecurityModule start(String name, Path socket, String serialNumber, int version) throws IOException {
        return new DeviceModule(Configured.with(DeviceModule.Config.class, Map.of("hsm_module_name", name, "socket",
                socket.toString(), "model", 1000, "serialNumber", serialNumber, "version", version)));
    }

    /**
     * Stops it.
     *
     * @param module the module
     */
    public static void stop(SecurityModule module) {
        ((DeviceModule) module).stop();
    }
}
