package org.calypsohsm.provider.pcis3device;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import org.awaitility.Awaitility;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;

/** Modules with a card behind a socket, without a container. */
final class Cards {

    private Cards() {
    }

    static DeviceModule module(String name, Path socket, Map<String, ?> more) throws IOException {
        Map<String, Object> values = new HashMap<>(Map.of("hsm_module_name", name, "socket", socket.toString(), "model", 100,
                "serialNumber", "C0FFEE01", "version", 5));
        values.putAll(more);
        return new DeviceModule(Configured.with(DeviceModule.Config.class, values));
    }

    static void await(SecurityModule module, ModuleState state) {
        Awaitility.await().until(() -> module.status().state() == state);
    }
}
