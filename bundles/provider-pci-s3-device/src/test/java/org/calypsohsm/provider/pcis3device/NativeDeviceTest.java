package org.calypsohsm.provider.pcis3device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.module.tck.ProviderTck;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A module behind a shared library that is compiled here: the conformance suite, and libraries that are not what they should be. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "compiles with gcc")
class NativeDeviceTest extends ProviderTck {

    private static final byte[] GET_CHALLENGE = {(byte) 0x80, (byte) 0x84, 0, 0, 8};

    @TempDir
    static Path folder;

    private static Path library;

    @BeforeAll
    static void compile() throws Exception {
        library = compile("stub", Path.of("src/test/native/stub.c"));
    }

    private static Path compile(String name, Path source) throws Exception {
        Path made = folder.resolve("lib" + name + ".so");
        Process gcc = new ProcessBuilder(List.of("gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I", "src/main/native", "-o",
                made.toString(), source.toString(), "-pthread")).redirectErrorStream(true).start();
        String told = new String(gcc.getInputStream().readAllBytes());
        assertThat(gcc.waitFor()).as(told).isZero();
        return made;
    }

    private static DeviceModule module(Map<String, ?> more) throws Exception {
        Map<String, Object> values = new HashMap<>(Map.of("hsm_module_name", "main", "library", library.toString(), "model", 100,
                "serialNumber", "C0FFEE01", "version", 5));
        values.putAll(more);
        return new DeviceModule(Configured.with(DeviceModule.Config.class, values));
    }

    @Override
    protected SecurityModule start(String name) throws Exception {
        return module(Map.of("hsm_module_name", name));
    }

    @Override
    protected void stop(SecurityModule module) {
        ((DeviceModule) module).stop();
    }

    @Override
    protected int channels() {
        return 100;
    }

    @Override
    protected Set<Integer> keyGroups() {
        return Set.of(0, 3);
    }

    @Test
    void isNoEmulation() throws Exception {
        DeviceModule module = module(Map.of());
        assertThat(module.info().emulated()).isFalse();
        assertThat(module.status().sentence()).isEqualTo("The stub is always well.");
        module.stop();
        assertThat(module.status().state()).isEqualTo(ModuleState.OFFLINE);
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> module.open(0)).withMessageContaining("main");
    }

    @Test
    void aLengthThatNoResponseHasIsAFault() throws Exception {
        DeviceModule module = module(Map.of("device", "garbage"));
        try {
            ModuleChannel channel = module.open(0);
            assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> channel.exchange(GET_CHALLENGE))
                    .withMessageContaining("main").withMessageContaining("4294967280 bytes")
                    .satisfies(fault -> assertThat(fault.reason()).isEqualTo(ModuleException.Reason.FAILED));
            channel.close();
            assertThat(module.channelsInUse()).isZero();
        } finally {
            module.stop();
        }
    }

    @Test
    void anotherInterfaceOrDeviceIsRefused() throws Exception {
        for (Map<String, ?> wrong : List.of(Map.of("device", "other version"), Map.of("serialNumber", "C0FFEE02"), Map.of("version", 6),
                Map.of("model", 500))) {
            DeviceModule module = module(wrong);
            try {
                assertThat(module.status().state()).as(wrong.toString()).isEqualTo(ModuleState.FAILED);
                assertThat(module.status().sentence()).containsAnyOf("has version 2 of the interface", "is another device");
                assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> module.open(0));
            } finally {
                module.stop();
            }
        }
    }

    @Test
    void whatCannotBeUsedIsRefusedWithAReason() throws Exception {
        assertThatIllegalArgumentException().isThrownBy(() -> module(Map.of("device", "failing")))
                .withMessageContaining("does not open the device 'failing'");
        assertThatIllegalArgumentException().isThrownBy(() -> module(Map.of("library", folder.resolve("none.so").toString())))
                .withMessageContaining("there is no library " + folder.resolve("none.so"));
        Path text = Files.writeString(folder.resolve("text.so"), "no library");
        assertThatIllegalArgumentException().isThrownBy(() -> module(Map.of("library", text.toString())))
                .withMessageContaining(text + " is no library that can be loaded here");
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of("src/test/native/stub.c")));
        lines.replaceAll(line -> line.replace("calypsohsm_channel_state(", "something_else("));
        lines.addAll(0, List.of("#include <stdint.h>"));
        Path lacking = compile("lacking", Files.write(folder.resolve("lacking.c"), lines));
        assertThatIllegalArgumentException().isThrownBy(() -> module(Map.of("library", lacking.toString())))
                .withMessageContaining("has no function calypsohsm_channel_state");
        assertThatIllegalArgumentException().isThrownBy(() -> module(Map.of("socket", "/tmp/socket")))
                .withMessageContaining("set either socket or library");
    }

    @Test
    void twoDevicesOfOneLibraryShareNothing() throws Exception {
        DeviceModule first = module(Map.of("hsm_module_name", "first"));
        DeviceModule second = module(Map.of("hsm_module_name", "second"));
        try {
            for (int i = 0; i < 100; i++) {
                first.open(0);
            }
            ModuleChannel channel = second.open(0);
            first.stop();
            assertThat(Arrays.copyOfRange(channel.exchange(GET_CHALLENGE), 8, 10)).containsExactly(0x90, 0);
        } finally {
            first.stop();
            second.stop();
        }
    }
}
