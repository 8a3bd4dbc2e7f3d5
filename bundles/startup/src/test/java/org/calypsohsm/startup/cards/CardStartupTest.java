package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.Startup.Shares;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.startup.StartupReport;
import org.calypsohsm.startupcard.OpenPgpCardSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CardStartupTest {

    private static final String READER = "Reader A";
    private static final String PIN = "secret7";

    @TempDir
    Path folder;

    private final FakeReaders readers = new FakeReaders();
    private final FakeStore store = new FakeStore("main");
    private final List<OpenPgpCardSimulator> cards = new ArrayList<>();
    private CardStartup startup;

    @BeforeEach
    void start() {
        startup = startup(Duration.ofMinutes(10));
    }

    private CardStartup startup(Duration patience) {
        CardStartup made = new CardStartup(readers, folder.toString(), patience);
        made.bindStore(store);
        return made;
    }

    @AfterEach
    void stop() {
        startup.close();
    }

    private void initialize(int threshold, int number) throws StartupException {
        cards.clear();
        for (int i = 0; i < number; i++) {
            cards.add(new OpenPgpCardSimulator(String.format("%08d", i + 1)));
        }
        ceremony(threshold, cards);
    }

    private void ceremony(int threshold, List<OpenPgpCardSimulator> given) throws StartupException {
        startup.initialize("main", new Shares(threshold, given.size()), (card, of) -> {
            readers.insert(READER, given.get(card - 1));
            return PIN.toCharArray();
        });
        readers.remove(READER);
    }

    private StartupReport give(int card) throws StartupException {
        readers.insert(READER, cards.get(card));
        return startup.unlock("main", PIN.toCharArray());
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(Reason reason, ThrowingCallable call) {
        return assertThatThrownBy(call).asInstanceOf(InstanceOfAssertFactories.type(StartupException.class))
                .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason))
                .asInstanceOf(InstanceOfAssertFactories.THROWABLE);
    }

    @Test
    void twoOfThreeCardsOpenTheStore() throws StartupException {
        initialize(2, 3);
        assertThat(store.status().isOpen()).isTrue();
        startup.lock("main");
        assertThat(give(2)).satisfies(report -> {
            assertThat(report.given()).isEqualTo(1);
            assertThat(report.missing()).isEqualTo(1);
        });
        assertThat(store.openings()).isZero();
        StartupReport report = give(0);
        assertThat(report.status().isOpen()).isTrue();
        assertThat(report.given()).isZero();
        assertThat(startup.stores()).containsExactly(report);
    }

    @Test
    void cardsOfALostStoreBeginANewOneAboveTheirEpoch() throws StartupException {
        initialize(2, 3);
        startup.lock("main");
        give(0);
        give(1);
        byte[] key = store.key();
        CardSet set = store.cardSet();
        assertRefused(Reason.ALREADY_INITIALIZED, () -> startup.adopt("main", set, PIN.toCharArray()));
        store.zeroize("The disk is lost.");
        readers.insert(READER, cards.get(1));
        CardSet wrong = new CardSet(set.id(), 1, 3);
        assertRefused(Reason.WRONG_CARD, () -> startup.adopt("main", wrong, PIN.toCharArray()));
        assertThat(startup.adopt("main", set, PIN.toCharArray()).given()).isEqualTo(1);
        readers.insert(READER, cards.get(2));
        assertThat(startup.adopt("main", set, PIN.toCharArray()).status().isOpen()).isTrue();
        assertThat(store.key()).isEqualTo(key);
        assertThat(store.cardSet()).isEqualTo(set);
        assertThat(store.lastCardEpoch()).isEqualTo(2);
        assertThat(CardLabel.decode(cards.get(2).publicData()).epoch()).isEqualTo(3);
    }

    @Test
    void noCardHoldsTheKeyOfASharedStore() throws StartupException {
        initialize(2, 3);
        String key = HexFormat.of().formatHex(store.key());
        for (OpenPgpCardSimulator card : cards) {
            assertThat(HexFormat.of().formatHex(card.protectedData())).doesNotContain(key.substring(0, 16));
        }
    }

    @Test
    void cardsRememberTheEpoch() throws StartupException {
        initialize(2, 2);
        startup.lock("main");
        readers.insert("Reader B", cards.get(0));
        startup.unlock("main", PIN.toCharArray());
        give(1);
        assertThat(store.lastCardEpoch()).isZero();
        assertThat(store.epoch()).isEqualTo(2);
        // The first one is still in its reader, so both remember.
        for (OpenPgpCardSimulator card : cards) {
            assertThat(CardLabel.decode(card.publicData()).epoch()).isEqualTo(2);
        }
        startup.lock("main");
        startup.unlock("main", PIN.toCharArray());
        startup.unlock("main", PIN.toCharArray());
        assertThat(store.lastCardEpoch()).isEqualTo(2);
    }

    @Test
    void theHighestEpochCountsAndACardThatIsGoneKeepsItsOwn() throws StartupException {
        initialize(2, 3);
        startup.lock("main");
        give(0);
        give(1);
        startup.lock("main");
        give(2);
        give(0);
        assertThat(CardLabel.decode(cards.get(1).publicData()).epoch()).isEqualTo(2);
        assertThat(CardLabel.decode(cards.get(0).publicData()).epoch()).isEqualTo(3);
        startup.lock("main");
        give(0);
        give(1);
        assertThat(store.lastCardEpoch()).isEqualTo(3);
    }

    @Test
    void aCardTakenOutWhileTheEpochIsWrittenIsNoHarm() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, cards.get(0));
        // Examined 3, read 7; the next conversation is that of the epoch.
        readers.removeAfter(11);
        assertThat(startup.unlock("main", PIN.toCharArray()).status().isOpen()).isTrue();
        assertThat(CardLabel.decode(cards.get(0).publicData()).epoch()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void wrongPinSaysHowManyTriesAreLeft(boolean counts) throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, cards.get(0).countingTries(counts));
        assertRefused(Reason.WRONG_PIN, () -> startup.unlock("main", "wrong77".toCharArray())).hasMessageContaining(READER)
                .hasMessageContaining("2 tries are left").hasMessageNotContaining("wrong77");
        assertRefused(Reason.WRONG_PIN, () -> startup.unlock("main", "wrong77".toCharArray())).hasMessageContaining("1 try is left");
        assertRefused(Reason.PIN_BLOCKED, () -> startup.unlock("main", "wrong77".toCharArray()));
        assertRefused(Reason.PIN_BLOCKED, () -> startup.unlock("main", PIN.toCharArray()));
        assertThat(store.status().isOpen()).isFalse();
    }

    @Test
    void aPinThatNoCardTakesIsNotTried() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, cards.get(0));
        int before = cards.get(0).verifications();
        for (String pin : List.of("12345", "ABCDEF\u00e9", "1".repeat(65), "abc def")) {
            assertRefused(Reason.WRONG_PIN, () -> startup.unlock("main", pin.toCharArray())).hasMessageContaining("not tried");
        }
        assertThat(cards.get(0).verifications()).isEqualTo(before);
    }

    @Test
    void theSameCardTwiceIsRefused() throws StartupException {
        initialize(2, 2);
        startup.lock("main");
        give(0);
        assertRefused(Reason.WRONG_CARD, () -> give(0)).hasMessageContaining("given before");
        assertThat(give(1).status().isOpen()).isTrue();
    }

    @Test
    void aCardOfAnotherSetIsRefusedBeforeItsPin() throws StartupException {
        initialize(1, 1);
        OpenPgpCardSimulator other = cards.get(0);
        startup.zeroize("main");
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, other);
        int before = other.verifications();
        assertRefused(Reason.WRONG_CARD, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining("of the set");
        assertThat(other.verifications()).isEqualTo(before);
        // The right one in a second reader is found.
        readers.insert("Reader B", cards.get(0));
        assertThat(startup.unlock("main", PIN.toCharArray()).status().isOpen()).isTrue();
    }

    @Test
    void otherCardsAreRefused() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, new OpenPgpCardSimulator("00000009").withApplication(false));
        assertRefused(Reason.WRONG_CARD, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining("no OpenPGP card");
        readers.insert(READER, new OpenPgpCardSimulator("00000009"));
        assertRefused(Reason.WRONG_CARD, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining("no startup card");
    }

    @Test
    void noCardAndNoReaderAreSaid() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        assertRefused(Reason.NO_CARD, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining("insert");
        readers.none();
        assertRefused(Reason.NO_CARD, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining("PC/SC");
        assertThat(startup.readersWithCard()).isEmpty();
    }

    @Test
    void aCardThatStopsAnsweringIsAFault() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        readers.insert(READER, cards.get(0));
        for (int commands = 0; commands < 10; commands++) {
            readers.removeAfter(commands);
            assertRefused(Reason.FAILED, () -> startup.unlock("main", PIN.toCharArray())).hasMessageContaining(READER);
        }
        readers.removeAfter(-1);
        assertThat(startup.unlock("main", PIN.toCharArray()).status().isOpen()).isTrue();
    }

    @Test
    void aSpoiledShareIsToldFromAnyOther() throws StartupException {
        initialize(1, 1);
        startup.lock("main");
        byte[] spoiled = cards.get(0).protectedData();
        spoiled[20] ^= 0x10;
        cards.get(0).spoil(spoiled);
        assertRefused(Reason.WRONG_CARD, () -> give(0)).hasMessageContaining("spoiled");
        cards.get(0).spoil(new byte[0]);
        assertRefused(Reason.WRONG_CARD, () -> give(0)).hasMessageContaining("spoiled");
    }

    @Test
    void aWrongKeyPassesThroughAndNothingIsKept() throws StartupException {
        initialize(2, 2);
        startup.lock("main");
        store.exchangeKey();
        give(0);
        assertRefused(Reason.WRONG_KEY, () -> give(1));
        assertThat(startup.stores().get(0).given()).isZero();
        assertThat(CardLabel.decode(cards.get(1).publicData()).epoch()).isZero();
    }

    @Test
    void statesOfTheStoreAreChecked() throws StartupException {
        assertRefused(Reason.NOT_FOUND, () -> startup.unlock("other", PIN.toCharArray())).hasMessageContaining("main");
        assertRefused(Reason.NOT_INITIALIZED, () -> startup.unlock("main", PIN.toCharArray()));
        initialize(1, 1);
        assertRefused(Reason.ALREADY_OPEN, () -> startup.unlock("main", PIN.toCharArray()));
        assertRefused(Reason.ALREADY_INITIALIZED, () -> initialize(1, 1));
        startup.unbindStore(store);
        assertRefused(Reason.NOT_FOUND, () -> startup.lock("main"));
        assertRefused(Reason.NOT_FOUND, () -> startup.zeroize("main"));
        assertThat(startup.stores()).isEmpty();
    }

    @Test
    void sharesAreForgottenAfterAWhile() throws StartupException {
        startup.close();
        startup = startup(Duration.ofMillis(50));
        initialize(2, 2);
        startup.lock("main");
        assertThat(give(0).given()).isEqualTo(1);
        await().until(() -> startup.stores().get(0).given() == 0);
        assertThat(give(1).given()).isEqualTo(1);
    }

    @Test
    void lockForgetsShares() throws StartupException {
        initialize(2, 2);
        startup.lock("main");
        give(0);
        startup.lock("main");
        assertThat(startup.stores().get(0).given()).isZero();
        assertThat(give(1).status().isOpen()).isFalse();
    }

    @Test
    void theSecondCardOfACeremonyIsAnother() {
        OpenPgpCardSimulator same = new OpenPgpCardSimulator("00000001");
        assertRefused(Reason.WRONG_CARD, () -> ceremony(1, List.of(same, same))).hasMessageContaining("a share of this set already");
        assertThat(store.cardSet()).isNull();
    }

    @Test
    void aCardThatIsInUseIsNotOverwritten() throws StartupException {
        initialize(1, 1);
        byte[] share = cards.get(0).protectedData();
        startup.zeroize("main");
        assertRefused(Reason.WRONG_CARD, () -> ceremony(1, cards)).hasMessageContaining("in use");
        assertThat(cards.get(0).protectedData()).isEqualTo(share);
    }

    @Test
    void cardsOfACeremonyThatFailedAreTakenAgain() throws StartupException {
        List<OpenPgpCardSimulator> two = List.of(new OpenPgpCardSimulator("00000001"), new OpenPgpCardSimulator("00000002"));
        assertRefused(Reason.FAILED, () -> startup.initialize("main", new Shares(2, 2), (card, of) -> {
            readers.insert(READER, two.get(card - 1));
            return card == 1 ? PIN.toCharArray() : null;
        })).hasMessageContaining("given up at card 2 of 2");
        assertThat(store.cardSet()).isNull();
        ceremony(2, two);
        assertThat(store.status().isOpen()).isTrue();
    }

    @Test
    void aPinThatItsOwnerHasSetIsTaken() throws StartupException {
        OpenPgpCardSimulator own = new OpenPgpCardSimulator("00000001", PIN);
        ceremony(1, List.of(own));
        assertThat(own.triesLeft()).isEqualTo(3);
    }

    @Test
    void theCeremonyNeverUsesUpTheLastTry() {
        OpenPgpCardSimulator own = new OpenPgpCardSimulator("00000001", "unknown1");
        assertRefused(Reason.WRONG_PIN, () -> ceremony(1, List.of(own))).hasMessageContaining("1 try is left");
        assertRefused(Reason.WRONG_PIN, () -> ceremony(1, List.of(own))).hasMessageContaining("was not tried");
        assertThat(own.triesLeft()).isEqualTo(1);
    }

    @Test
    void theFirstPinIsNoPin() {
        assertRefused(Reason.WRONG_PIN, () -> startup.initialize("main", new Shares(1, 1), (card, of) -> {
            readers.insert(READER, new OpenPgpCardSimulator("00000001"));
            return OpenPgpCardSimulator.FIRST_PIN.toCharArray();
        })).hasMessageContaining("choose another");
    }

    @Test
    void cardsThatCannotKeepAShareAreRefused() {
        assertRefused(Reason.WRONG_CARD, () -> ceremony(1, List.of(new OpenPgpCardSimulator("00000001").withPrivateUse(false))))
                .hasMessageContaining("private use");
        assertRefused(Reason.FAILED, () -> ceremony(1, List.of(new OpenPgpCardSimulator("00000001").forgettingWrites())))
                .hasMessageContaining("does not keep");
        assertThat(store.cardSet()).isNull();
    }

    @Test
    void impossibleSetsAreRefused() {
        assertRefused(Reason.FAILED, () -> initialize(3, 2)).hasMessageContaining("not 3 of 2");
        assertRefused(Reason.FAILED, () -> initialize(1, 17));
    }

    @Test
    void thePinOfTheCeremonyIsOverwritten() throws StartupException {
        char[] pin = PIN.toCharArray();
        startup.initialize("main", new Shares(1, 1), (card, of) -> {
            readers.insert(READER, new OpenPgpCardSimulator("00000001"));
            return pin;
        });
        assertThat(pin).containsOnly('\0');
    }

    @Test
    void aSoftwareTokenTakesThePlaceOfCards() throws Exception {
        startup.initialize("main", new Shares(1, 0), (card, of) -> "dev".toCharArray());
        assertThat(store.cardSet()).matches(CardSet::isSoftwareToken);
        assertThat(folder.resolve("main.p12")).exists();
        assertThat(Files.getPosixFilePermissions(folder.resolve("main.p12"))).hasSize(2);
        assertThat(new String(Files.readAllBytes(folder.resolve("main.p12")), StandardCharsets.ISO_8859_1))
                .doesNotContain(new String(store.key(), StandardCharsets.ISO_8859_1));
        startup.lock("main");
        assertRefused(Reason.WRONG_PIN, () -> startup.unlock("main", "dew".toCharArray()));
        assertThat(startup.unlock("main", "dev".toCharArray()).status().isOpen()).isTrue();
        startup.lock("main");
        Files.writeString(folder.resolve("main.p12"), "spoiled");
        assertRefused(Reason.FAILED, () -> startup.unlock("main", "dev".toCharArray())).hasMessageContaining("main.p12");
        startup.zeroize("main");
        assertThat(folder.resolve("main.p12")).doesNotExist();
    }

    @Test
    void withoutAFolderSoftwareTokensAreRefused() {
        CardStartup strict = new CardStartup(readers, "", Duration.ofMinutes(1));
        strict.bindStore(store);
        assertRefused(Reason.FAILED, () -> strict.initialize("main", new Shares(1, 0), (card, of) -> "dev".toCharArray()))
                .hasMessageContaining("tokenDirectory");
        strict.close();
    }

    @Test
    void wrongNamesOfReadersAreSaid() {
        assertThatThrownBy(() -> CardStartup.pattern("Reader (A")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("regular expression").hasMessageContaining("Reader (A");
    }

    @Test
    void aTokenStaysInItsFolder() {
        FakeStore odd = new FakeStore("../odd");
        startup.bindStore(odd);
        assertRefused(Reason.FAILED, () -> startup.initialize("../odd", new Shares(1, 0), (card, of) -> "dev".toCharArray()))
                .hasMessageContaining("name");
    }
}
