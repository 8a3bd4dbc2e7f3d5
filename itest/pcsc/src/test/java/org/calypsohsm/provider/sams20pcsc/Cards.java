package org.calypsohsm.provider.sams20pcsc;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.smartcardio.CardTerminals;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.pcsc.Pcsc;
import org.calypsohsm.virtualreader.VirtualCard;
import org.calypsohsm.virtualreader.daemon.CardProcess;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;

/** Simulated SAM-S20 cards, each a process of its own as {@code hsm sam-s20-card} starts it, in a real pcscd. */
final class Cards implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(20);
    static final String FIRST_SERIAL = "53200001";
    static final String SECOND_SERIAL = "53200002";
    static final String FIRST_READER = "Virtual PCD 00 00";

    private final List<CardProcess> processes = new ArrayList<>();

    /** Starts pcscd, and waits for its two empty readers. */
    static PcscDaemon startDaemon() throws IOException, InterruptedException {
        PcscDaemon daemon = new PcscDaemon();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> Pcsc.terminals().list(CardTerminals.State.CARD_ABSENT).size() >= 2);
        return daemon;
    }

    /** Inserts the first card. */
    CardProcess first() throws IOException {
        return insert(VirtualCard.FIRST_SLOT, FIRST_SERIAL);
    }

    /** Inserts the second card. */
    CardProcess second() throws IOException {
        return insert(VirtualCard.SECOND_SLOT, SECOND_SERIAL);
    }

    CardProcess insert(int port, String serial, String... more) throws IOException {
        String home = System.getProperty("hsm.home");
        List<String> arguments = new ArrayList<>(List.of("sam-s20-card", "--cards", "1", "--port", Integer.toString(port), "--serial",
                serial, "--control"));
        arguments.addAll(List.of(more));
        CardProcess process = new CardProcess(List.of("-Dhsm.home=" + home, "-jar",
                Path.of(home, "lib", "org.calypsohsm.launcher.jar").toString()), arguments.toArray(String[]::new));
        processes.add(process);
        return process;
    }

    /** Starts a module that is not in a container. */
    static SamS20PcscModule module(String name, String serial, Map<String, Object> more) {
        Map<String, Object> values = new HashMap<>(Map.of("hsm_module_name", name, "serialNumber", serial, "reader", "Virtual PCD.*",
                "answerMillis", 20_000L));
        values.putAll(more);
        return new SamS20PcscModule(Configured.with(SamS20PcscModule.Config.class, values));
    }

    static void awaitState(SecurityModule module, ModuleState state) {
        await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10))
                .until(() -> module.status().state(), state::equals);
    }

    @Override
    public void close() {
        processes.forEach(CardProcess::close);
    }
}
