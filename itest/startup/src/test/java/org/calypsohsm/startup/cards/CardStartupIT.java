package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import javax.smartcardio.Card;
import javax.smartcardio.CardTerminal;
import javax.smartcardio.CommandAPDU;
import javax.smartcardio.TerminalFactory;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.calypsohsm.startup.Startup.Shares;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.startup.StartupReport;
import org.calypsohsm.startupcard.StartupCardProgram;
import org.calypsohsm.virtualreader.VirtualCard;
import org.calypsohsm.virtualreader.daemon.CardProcess;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Startup cards in the two slots of the virtual reader, through pcscd, its library and the JDK. */
class CardStartupIT {

    private static final String PIN = "secret7";
    private static final String FIRST_READER = "Virtual PCD 00 00";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static PcscDaemon daemon;

    @TempDir
    Path folder;

    private final FakeStore store = new FakeStore("main");
    private final List<CardProcess> cards = new ArrayList<>();
    private CardStartup startup;
    private UnattendedRestart unattended;

    private record Settings(String readers, String tokenDirectory) implements CardStartup.Config {

        @Override
        public Class<? extends Annotation> annotationType() {
            return CardStartup.Config.class;
        }
    }

    private record RestartSettings(String store, String pinFile, String token) implements UnattendedRestart.Config {

        @Override
        public Class<? extends Annotation> annotationType() {
            return UnattendedRestart.Config.class;
        }
    }

    @BeforeAll
    static void startDaemon() throws Exception {
        daemon = new PcscDaemon();
        awaitReaders();
    }

    private static void awaitReaders() {
        await().atMost(PATIENCE).ignoreExceptions()
                .until(() -> TerminalFactory.getInstance("PC/SC", null).terminals().list().size() >= 2);
    }

    @AfterAll
    static void stopDaemon() {
        if (daemon != null) {
            daemon.close();
        }
    }

    @BeforeEach
    void start() {
        startup = new CardStartup(new Settings("Virtual PCD.*", ""));
        startup.bindStore(store);
    }

    @AfterEach
    void stop() {
        if (unattended != null) {
            unattended.close();
        }
        cards.forEach(CardProcess::close);
        awaitCards(0);
        startup.close();
    }

    private void awaitCards(int number) {
        await().atMost(PATIENCE).until(() -> startup.readersWithCard().size() == number);
    }

    private CardProcess card(int port) throws Exception {
        CardProcess card = CardProcess.of(StartupCardProgram.class, Integer.toString(port), String.format("%08d", cards.size() + 1));
        cards.add(card);
        return card;
    }

    /** Makes a set in the first slot; its cards are out of it afterwards, the store is locked. */
    private void initialize(int threshold, int number) throws StartupException, IOException {
        startup.initialize("main", new Shares(threshold, number), (next, of) -> {
            try {
                if (next > 1) {
                    cards.get(next - 2).remove();
                    awaitCards(0);
                }
                card(VirtualCard.FIRST_SLOT);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            awaitCards(1);
            return PIN.toCharArray();
        });
        cards.get(number - 1).remove();
        awaitCards(0);
        startup.lock("main");
    }

    private StartupReport unlock(String pin) throws StartupException {
        return startup.unlock("main", pin.toCharArray());
    }

    private void assertRefused(Reason reason, String part, ThrowingCallable call) {
        assertThatThrownBy(call).asInstanceOf(InstanceOfAssertFactories.type(StartupException.class))
                .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason)).satisfies(e -> assertThat(e).hasMessageContaining(part));
    }

    /** What any program can ask of a card in a reader. */
    private static byte[] ask(String reader, CommandAPDU... commands) throws Exception {
        CardTerminal terminal = TerminalFactory.getInstance("PC/SC", null).terminals().getTerminal(reader);
        Card card = terminal.connect("*");
        try {
            byte[] answer = {};
            for (CommandAPDU command : commands) {
                answer = card.getBasicChannel().transmit(command).getBytes();
            }
            return answer;
        } finally {
            card.disconnect(false);
        }
    }

    private static long epoch(String reader) throws Exception {
        byte[] answer = ask(reader, new CommandAPDU(0, 0xA4, 4, 0, new byte[] {(byte) 0xD2, 0x76, 0, 1, 0x24, 1}),
                new CommandAPDU(0, 0xCA, 1, 1, 256));
        return CardLabel.decode(Arrays.copyOf(answer, answer.length - 2)).epoch();
    }

    @Test
    void oneCardOpensTheStoreAndRemembersTheEpoch() throws Exception {
        assertRefused(Reason.NOT_INITIALIZED, "initialize", () -> unlock(PIN));
        initialize(1, 1);
        assertRefused(Reason.NO_CARD, "insert", () -> unlock(PIN));
        cards.get(0).insert();
        awaitCards(1);
        assertThat(startup.readersWithCard()).containsExactly(FIRST_READER);
        assertThat(unlock(PIN).status().isOpen()).isTrue();
        assertThat(epoch(FIRST_READER)).isEqualTo(2);
        startup.lock("main");
        long begun = System.nanoTime();
        assertThat(unlock(PIN).status().isOpen()).isTrue();
        System.out.printf("unlock with a card in its reader: %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(store.lastCardEpoch()).isEqualTo(2);
    }

    @Test
    void nobodyProfitsByThePinThatWasGiven() throws Exception {
        initialize(1, 1);
        cards.get(0).insert();
        awaitCards(1);
        unlock(PIN);
        // Without the SELECT, which would take the PIN back too.
        assertThat(ask(FIRST_READER, new CommandAPDU(0, 0xCA, 1, 3, 256))).hasSize(2);
    }

    @Test
    void wrongPinsAreCountedAndBlockTheCard() throws Exception {
        initialize(1, 1);
        cards.get(0).insert();
        awaitCards(1);
        assertRefused(Reason.WRONG_PIN, "2 tries are left", () -> unlock("wrong77"));
        assertRefused(Reason.WRONG_PIN, "1 try is left", () -> unlock("wrong77"));
        assertRefused(Reason.PIN_BLOCKED, FIRST_READER, () -> unlock("wrong77"));
        assertRefused(Reason.PIN_BLOCKED, FIRST_READER, () -> unlock(PIN));
    }

    @Test
    void twoOfThreeOneAfterTheOther() throws Exception {
        initialize(2, 3);
        cards.get(2).insert();
        awaitCards(1);
        assertThat(unlock(PIN).missing()).isEqualTo(1);
        assertRefused(Reason.WRONG_CARD, "given before", () -> unlock(PIN));
        cards.get(2).remove();
        awaitCards(0);
        cards.get(0).insert();
        awaitCards(1);
        assertThat(unlock(PIN).status().isOpen()).isTrue();
        assertThat(epoch(FIRST_READER)).isEqualTo(2);
    }

    @Test
    void twoOfTwoInTwoReaders() throws Exception {
        startup.initialize("main", new Shares(2, 2), (next, of) -> {
            try {
                card(next == 1 ? VirtualCard.FIRST_SLOT : VirtualCard.SECOND_SLOT);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            awaitCards(next);
            return PIN.toCharArray();
        });
        startup.lock("main");
        assertThat(unlock(PIN).missing()).isEqualTo(1);
        assertThat(unlock(PIN).status().isOpen()).isTrue();
        assertThat(epoch(FIRST_READER)).isEqualTo(2);
        assertThat(epoch("Virtual PCD 00 01")).isEqualTo(2);
    }

    @Test
    void aCardOfAnotherSetIsRefused() throws Exception {
        initialize(1, 1);
        startup.zeroize("main");
        CardProcess old = cards.remove(0);
        try {
            initialize(1, 1);
            old.insert();
            awaitCards(1);
            assertRefused(Reason.WRONG_CARD, "of the set", () -> unlock(PIN));
        } finally {
            old.close();
        }
    }

    @Test
    void aCardInItsReaderRestartsTheStoreUnattended() throws Exception {
        initialize(1, 1);
        cards.get(0).insert();
        awaitCards(1);
        restart();
        await().atMost(PATIENCE).until(() -> store.status().isOpen());
        unattended.close();
        assertThat(epoch(FIRST_READER)).isEqualTo(2);
    }

    private void restart() throws IOException {
        Files.writeString(folder.resolve("pin"), PIN + "\n");
        unattended = new UnattendedRestart(startup, new RestartSettings("main", folder.resolve("pin").toString(), "card"));
        unattended.bindStore(store);
    }

    @Test
    void aCardInsertedLaterRestartsTheStoreAndItsThreadEnds() throws Exception {
        initialize(1, 1);
        restart();
        long slowest = 0;
        for (int i = 0; i < 20; i++) {
            long begun = System.nanoTime();
            startup.readersWithCard();
            slowest = Math.max(slowest, System.nanoTime() - begun);
        }
        System.out.printf("readers listed while a thread waits for a card: slowest of 20 %.1f ms%n", slowest / 1e6);
        cards.get(0).insert();
        await().atMost(PATIENCE).until(() -> store.status().isOpen());
        unattended.close();
        assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().equals("unattended restart"));
    }

    @Test
    void cardsAreSeenAfterThePcscDaemonWasStartedAgain() throws Exception {
        assumeTrue(daemon.isOwn(), "The pcscd of the system is not stopped for a test.");
        initialize(1, 1);
        daemon.stop();
        assertRefused(Reason.NO_CARD, "pcscd", () -> unlock(PIN));
        restart();
        daemon.startAgain();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            cards.get(0).insert();
            return true;
        });
        await().atMost(PATIENCE).until(() -> store.status().isOpen());
    }
}
