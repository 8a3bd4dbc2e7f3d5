package org.calypsohsm.itest.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.provider.pcis3device.Driven;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The library of a vendor in a card process, where it cannot take the container down: the stub of the provider, in Felix. */
@Timeout(300)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "compiles with gcc, and drives the script for bash")
class NativeIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path PROVIDER = Path.of("../../bundles/provider-pci-s3-device/src");

    @TempDir
    Path folder;

    private Path library() throws Exception {
        Path made = folder.resolve("libstub.so");
        Process gcc = new ProcessBuilder(List.of("gcc", "-shared", "-fPIC", "-DCHANNELS=1000", "-I",
                PROVIDER.resolve("main/native").toString(), "-o", made.toString(), PROVIDER.resolve("test/native/stub.c").toString(),
                "-pthread")).redirectErrorStream(true).start();
        String told = new String(gcc.getInputStream().readAllBytes());
        assertThat(gcc.waitFor()).as(told).isZero();
        return made;
    }

    @Test
    void aLibraryServesFromACardProcess() throws Exception {
        String provider = "\"org.calypsohsm.provider.pcis3device~card\": {\"version\": 5, \"library\": \"" + library() + "\", ";
        try (Card card = new Card(folder.resolve("card"), "C0FFEE01", provider)) {
            card.start();
            SecurityModule module = Driven.start("main", card.socket(), card.serialNumber(), 5);
            try {
                await().atMost(PATIENCE).until(() -> module.status().state() == ModuleState.OPERATIONAL);
                assertThat(module.status().sentence()).isEqualTo("The stub is always well.");
                assertThat(module.keyGroups()).containsExactlyInAnyOrder(0, 3);
                ModuleChannel channel = module.open(3);
                assertThat(channel.exchange(Sessions.GET_CHALLENGE)).hasSize(6).endsWith(0x90, 0);
                assertThat(channel.idleState().outgoingChallenge()).hasSize(4);
                channel.close();
            } finally {
                Driven.stop(module);
            }
        }
    }
}
