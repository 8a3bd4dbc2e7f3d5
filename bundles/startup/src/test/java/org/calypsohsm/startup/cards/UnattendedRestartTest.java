package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.calypsohsm.startup.Startup.Shares;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startupcard.OpenPgpCardSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnattendedRestartTest {

    private static final String PIN = "secret7";

    @TempDir
    Path folder;

    private final FakeReaders readers = new FakeReaders();
    private final FakeStore store = new FakeStore("main");
    private CardStartup startup;
    private UnattendedRestart unattended;

    private record Settings(String store, String pinFile, String token) implements UnattendedRestart.Config {

        @Override
        public Class<? extends Annotation> annotationType() {
            return UnattendedRestart.Config.class;
        }
    }

    @BeforeEach
    void start() throws IOException {
        startup = new CardStartup(readers, folder.toString(), Duration.ofMinutes(10));
        startup.bindStore(store);
        Files.writeString(folder.resolve("pin"), PIN + "\n");
    }

    @AfterEach
    void stop() {
        if (unattended != null) {
            unattended.close();
            assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().equals("unattended restart"));
        }
        startup.close();
    }

    private void unattended(String token) {
        unattended = new UnattendedRestart(startup, new Settings("main", folder.resolve("pin").toString(), token));
        unattended.bindStore(store);
    }

    private List<OpenPgpCardSimulator> cards(int threshold, int number) throws StartupException {
        List<OpenPgpCardSimulator> cards = IntStream.rangeClosed(1, number)
                .mapToObj(i -> new OpenPgpCardSimulator("0000000" + i)).toList();
        startup.initialize("main", new Shares(threshold, number), (card, of) -> {
            readers.insert("A", cards.get(card - 1));
            return PIN.toCharArray();
        });
        readers.remove("A");
        startup.lock("main");
        return cards;
    }

    @Test
    void aCardInItsReaderOpensTheStore() throws StartupException {
        readers.insert("A", cards(1, 1).get(0));
        unattended("card");
        await().until(() -> store.status().isOpen());
    }

    @Test
    void aCardThatComesLaterOpensTheStore() throws StartupException {
        OpenPgpCardSimulator card = cards(1, 1).get(0);
        unattended("card");
        readers.insert("A", card);
        await().until(() -> store.status().isOpen());
    }

    @Test
    void twoCardsInTwoReadersOpenTheStore() throws StartupException {
        List<OpenPgpCardSimulator> cards = cards(2, 2);
        readers.insert("A", cards.get(0));
        readers.insert("B", cards.get(1));
        unattended("card");
        await().until(() -> store.status().isOpen());
    }

    @Test
    void theStoreThatComesAgainIsOpenedAgainButNotOneThatAPersonLocked() throws StartupException {
        OpenPgpCardSimulator card = cards(1, 1).get(0);
        readers.insert("A", card);
        unattended("card");
        await().until(() -> store.openings() == 1);
        startup.lock("main");
        readers.remove("A");
        readers.insert("A", card);
        await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(5)).until(() -> !store.status().isOpen());
        unattended.unbindStore(store);
        unattended.bindStore(store);
        await().until(() -> store.openings() == 2);
    }

    @Test
    void aWrongPinIsTriedOnce() throws Exception {
        OpenPgpCardSimulator card = cards(1, 1).get(0);
        Files.writeString(folder.resolve("pin"), "wrong77");
        readers.insert("A", card);
        int before = card.verifications();
        unattended("card");
        await().until(() -> card.verifications() == before + 1);
        readers.remove("A");
        readers.insert("A", card);
        await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(5)).until(() -> card.verifications() == before + 1);
    }

    @Test
    void theLastTryIsNotUsedUp() throws Exception {
        OpenPgpCardSimulator card = cards(1, 1).get(0);
        readers.insert("A", card);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> startup.unlock("main", "wrong77".toCharArray())).isInstanceOf(StartupException.class);
        }
        int before = card.verifications();
        unattended("card");
        await().during(Duration.ofMillis(700)).atMost(Duration.ofSeconds(5)).until(() -> card.verifications() == before);
        assertThat(store.status().isOpen()).isFalse();
        assertThat(card.triesLeft()).isEqualTo(1);
    }

    @Test
    void aNewStoreWaitsForTheCeremony() {
        readers.insert("A", new OpenPgpCardSimulator("00000001"));
        unattended("card");
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5)).until(() -> store.cardSet() == null);
    }

    @Test
    void aNewStoreWithASoftwareTokenIsInitialized() {
        unattended("software");
        await().until(() -> store.status().isOpen());
        assertThat(store.cardSet().isSoftwareToken()).isTrue();
        store.lock("A test.");
        unattended.unbindStore(store);
        unattended.bindStore(store);
        await().until(() -> store.openings() == 1);
    }

    @Test
    void aStoreOfCardsIsNotOpenedBySoftware() throws StartupException {
        readers.insert("A", cards(1, 1).get(0));
        unattended("software");
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5)).until(() -> !store.status().isOpen());
    }

    @Test
    void anUnknownTokenIsRefused() {
        assertThatThrownBy(() -> new UnattendedRestart(startup, new Settings("main", "pin", "tape")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("card or software").hasMessageContaining("tape");
    }

    @Test
    void noFileWithThePinIsNoFault() throws Exception {
        readers.insert("A", cards(1, 1).get(0));
        Files.delete(folder.resolve("pin"));
        unattended("card");
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5)).until(() -> !store.status().isOpen());
    }
}
