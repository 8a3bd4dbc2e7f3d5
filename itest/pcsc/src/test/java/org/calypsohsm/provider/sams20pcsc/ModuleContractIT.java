package org.calypsohsm.provider.sams20pcsc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.module.tck.ProviderTck;
import org.calypsohsm.virtualreader.daemon.CardProcess;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The conformance suite of security modules, on two cards behind the real pcscd. */
class ModuleContractIT extends ProviderTck {

    private static final Map<String, CardProcess> CARDS = new HashMap<>();
    private static final Deque<String> FREE = new ArrayDeque<>(List.of(Cards.FIRST_SERIAL, Cards.SECOND_SERIAL));
    private static final Cards ALL = new Cards();
    private static PcscDaemon daemon;

    @BeforeAll
    static void insertCards() throws Exception {
        daemon = Cards.startDaemon();
        CARDS.put(Cards.FIRST_SERIAL, ALL.first());
        CARDS.put(Cards.SECOND_SERIAL, ALL.second());
    }

    @AfterAll
    static void end() {
        ALL.close();
        daemon.close();
    }

    @Override
    protected SecurityModule start(String name) {
        String serial = FREE.pop();
        SecurityModule module = Cards.module(name, serial, Map.of());
        Cards.awaitState(module, ModuleState.OPERATIONAL);
        return module;
    }

    @Override
    protected void stop(SecurityModule module) {
        ((SamS20PcscModule) module).stop();
        FREE.push(serial(module));
    }

    private static String serial(SecurityModule module) {
        return String.format("%08X", module.info().serialNumber());
    }

    @Override
    protected boolean lock(SecurityModule module) {
        say(module, "lock", ModuleState.LOCKED);
        return true;
    }

    @Override
    protected void unlock(SecurityModule module) {
        say(module, "unlock", ModuleState.OPERATIONAL);
    }

    private static void say(SecurityModule module, String word, ModuleState state) {
        try {
            CARDS.get(serial(module)).command(word, "done");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Cards.awaitState(module, state);
    }

    @Override
    protected int channels() {
        return 20;
    }

    @Override
    protected Set<Integer> keyGroups() {
        return Set.of(0);
    }
}
