package org.calypsohsm.provider.sams20pcsc;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.smartcardio.CardException;
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

    private CardProcess first;
    private CardProcess second;

    /** Starts pcscd, and waits for its two empty readers. */
    static PcscDaemon startDaemon() throws IOException, InterruptedException {
        PcscDaemon daemon = new PcscDaemon();
        await().atMost(PATIENCE).until(() -> readers(CardTerminals.State.CARD_ABSENT) >= 2);
        return daemon;
    }

    /** Inserts the first card, as if it were new. */
    CardProcess first() throws IOException {
        first = insert(first, VirtualCard.FIRST_SLOT, FIRST_SERIAL);
        return first;
    }

    /** Inserts the second card, as if it were new. */
    CardProcess second() throws IOException {
        second = insert(second, VirtualCard.SECOND_SLOT, SECOND_SERIAL);
        return second;
    }

    private static CardProcess insert(CardProcess before, int port, String serial) throws IOException {
        if (before != null) {
            before.command("renew", "done");
            before.insert();
            return before;
        }
        String home = System.getProperty("hsm.home");
        return new CardProcess(List.of("-Dhsm.home=" + home, "-jar", Path.of(home, "lib", "org.calypsohsm.launcher.jar").toString()),
                "sam-s20-card", "--cards", "1", "--port", Integer.toString(port), "--serial", serial, "--control");
    }

    /** Takes the cards out, and waits until the readers have noticed. */
    void removeAll() throws IOException {
        for (CardProcess card : new CardProcess[] {first, second}) {
            if (card != null) {
                card.remove();
            }
        }
        await().atMost(PATIENCE).until(() -> readers(CardTerminals.State.CARD_PRESENT) == 0);
    }

    /** Over the connection of this process, which a pcscd that was started again does not know. */
    private static int readers(CardTerminals.State state) {
        try {
            return Pcsc.terminals().list(state).size();
        } catch (CardException | NoSuchAlgorithmException e) {
            Pcsc.forgetConnection();
            return -1;
        }
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
        for (CardProcess card : new CardProcess[] {first, second}) {
            if (card != null) {
                card.close();
            }
        }
    }
}
