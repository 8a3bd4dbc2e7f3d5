package org.calypsohsm.itest.keyple;

import static org.calypsohsm.itest.keyple.Cards.CONTRACTS;
import static org.calypsohsm.itest.keyple.Cards.COUNTERS;
import static org.calypsohsm.itest.keyple.Cards.ENTRY;
import static org.calypsohsm.itest.keyple.Cards.ENVIRONMENT;
import static org.calypsohsm.itest.keyple.Cards.EVENTS;
import static org.calypsohsm.itest.keyple.Cards.HOLDER;
import static org.calypsohsm.itest.keyple.Cards.LOADED;
import static org.calypsohsm.itest.keyple.Cards.NEW_CONTRACT;
import static org.calypsohsm.itest.keyple.Cards.OLD_CONTRACT;
import static org.calypsohsm.itest.keyple.Cards.SALE;
import static org.calypsohsm.itest.keyple.Cards.SPENT;
import static org.calypsohsm.itest.keyple.Cards.record;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardBuilder;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.itest.keyple.adapter.SimulatedCardReader;
import org.eclipse.keypop.calypso.card.WriteAccessLevel;
import org.eclipse.keypop.calypso.card.card.CalypsoCard;
import org.eclipse.keypop.calypso.card.transaction.InvalidCardSignatureException;
import org.eclipse.keypop.calypso.card.transaction.InvalidPinException;
import org.eclipse.keypop.calypso.card.transaction.SecureExtendedModeTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SecureRegularModeTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SecureSymmetricCryptoTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SvAction;
import org.eclipse.keypop.calypso.card.transaction.SvOperation;
import org.eclipse.keypop.calypso.card.transaction.SymmetricCryptoSecuritySetting;
import org.eclipse.keypop.calypso.card.transaction.UnauthorizedKeyException;
import org.eclipse.keypop.calypso.crypto.legacysam.sam.LegacySam.ProductType;
import org.eclipse.keypop.reader.ChannelControl;
import org.eclipse.keypop.reader.InvalidCardResponseException;
import org.junit.Before;
import org.junit.Test;
import org.junit.function.ThrowingRunnable;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** Eclipse Keyple does with cards what is more than a sale: stored value, PIN, keys, invalidation and personalization. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class KeypleFlowsIT {

    private static final int BALANCE = 1000;
    private static final byte[] DATE = {0x12, 0x34};
    private static final byte[] TIME = {0x05, 0x67};
    private static final byte[] FREE = {0x0A, 0x0B};
    private static final byte[] PIN = ascii("1234");
    private static final byte[] OTHER_PIN = ascii("9876");
    private static final byte[] WRONG_PIN = ascii("0000");
    private static final byte IDENTITY = 0x03;
    private static final byte[] NAME = record("name of the holder");
    private static final byte[] NEW_HOLDER = record("environment of the next holder");
    /** Other keys that SAM and test keys have: issuer and load key of the stored value application. */
    private static final byte OTHER_ISSUER = 0x01;
    private static final byte OTHER_LOAD = 0x07;
    /** Startup of a CD97-BX: of type 01 Keyple believes that it has no stored value. */
    private static final byte[] CD97_WITH_STORED_VALUE = {0x06, 0x0A, 0x07, 0x03, 0x20, 0x03, 0x11};

    /** Form of SAM, by key group. */
    private enum Sam {
        HSM_C1(Platform.HSM_C1, ProductType.HSM_C1),
        S1E1(Platform.S1E1, ProductType.SAM_S1E1),
        S1D(Platform.S1D, ProductType.SAM_S1DX);

        private final int keyGroup;
        private final ProductType type;

        Sam(int keyGroup, ProductType type) {
            this.keyGroup = keyGroup;
            this.type = type;
        }
    }

    /** What happens with one card at one terminal. */
    private interface Flow {
        void run(KeypleTerminal terminal, Card card) throws Exception;
    }

    private Platform platform;

    @Configuration
    public Option[] configuration() {
        return Platform.container();
    }

    @Before
    public void awaitPlatform() throws InterruptedException {
        platform = Platform.await();
    }

    // --- stored value

    @Test
    public void storedValueOutsideSessions() {
        forEach(KeypleFlowsIT::hasStoredValue, UnaryOperator.identity(), KeypleFlowsIT::reloadDebitAndUndebit);
    }

    private static void reloadDebitAndUndebit(KeypleTerminal terminal, Card card) {
        CalypsoCard image = terminal.selectCard();
        SecureRegularModeTransactionManager transaction = terminal.regular(image, terminal.settings());
        int number = card.storedValueTransactionNumber();
        byte[] files = filesOf(card);

        transaction.prepareSvGet(SvOperation.RELOAD, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
        assertEquals(BALANCE, image.getSvBalance());
        assertEquals(number, image.getSvLastTNum());
        transaction.prepareSvReload(500, DATE, TIME, FREE).processCommands(ChannelControl.KEEP_OPEN);
        checkStoredValue(card, BALANCE + 500, number + 1);

        transaction.prepareSvGet(SvOperation.DEBIT, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareSvDebit(200, DATE, TIME).processCommands(ChannelControl.CLOSE_AFTER);
        checkStoredValue(card, BALANCE + 300, number + 2);

        CalypsoCard after = svGet(terminal, SvOperation.RELOAD);
        assertEquals(BALANCE + 300, after.getSvBalance());
        assertLog(image.getSvLoadLogRecord().getRawData(), after.getSvLoadLogRecord().getRawData());
        assertEquals(500, after.getSvLoadLogRecord().getAmount());
        assertEquals(BALANCE + 500, after.getSvLoadLogRecord().getBalance());
        assertArrayEquals(DATE, after.getSvLoadLogRecord().getLoadDate());
        assertArrayEquals(TIME, after.getSvLoadLogRecord().getLoadTime());
        assertArrayEquals(FREE, after.getSvLoadLogRecord().getFreeData());
        assertArrayEquals(terminal.sam().getSerialNumber(), after.getSvLoadLogRecord().getSamId());
        after = svGet(terminal, SvOperation.DEBIT);
        assertLog(image.getSvDebitLogLastRecord().getRawData(), after.getSvDebitLogLastRecord().getRawData());
        assertEquals(-200, after.getSvDebitLogLastRecord().getAmount());
        assertEquals(BALANCE + 300, after.getSvDebitLogLastRecord().getBalance());
        assertArrayEquals(DATE, after.getSvDebitLogLastRecord().getDebitDate());
        assertArrayEquals(terminal.sam().getSerialNumber(), after.getSvDebitLogLastRecord().getSamId());

        // Of an undebit Keyple counts balance and log the wrong way in its own image, so only the card is asked.
        transaction = terminal.regular(terminal.selectCard(), terminal.settings());
        transaction.prepareSvGet(SvOperation.DEBIT, SvAction.UNDO).processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareSvDebit(50, DATE, TIME).processCommands(ChannelControl.CLOSE_AFTER);
        checkStoredValue(card, BALANCE + 350, number + 3);
        after = svGet(terminal, SvOperation.DEBIT);
        assertEquals(BALANCE + 350, after.getSvBalance());
        assertEquals(50, after.getSvDebitLogLastRecord().getAmount());
        assertEquals(BALANCE + 350, after.getSvDebitLogLastRecord().getBalance());
        assertArrayEquals("files of the ticketing application", files, filesOf(card));
    }

    @Test
    public void storedValueInSessions() {
        forEach(KeypleFlowsIT::hasStoredValue, UnaryOperator.identity(), KeypleFlowsIT::reloadDebitAndUndebitInSessions);
    }

    private static void reloadDebitAndUndebitInSessions(KeypleTerminal terminal, Card card) {
        int number = card.storedValueTransactionNumber();

        // The counter comes first, so that its value, if postponed, stands before the signature in the answer to Close.
        SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
        transaction.prepareOpenSecureSession(WriteAccessLevel.LOAD)
                .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadCounter(COUNTERS, 2)
                .prepareUpdateRecord(CONTRACTS, 1, NEW_CONTRACT)
                .prepareIncreaseCounter(COUNTERS, LOADED, 7)
                .prepareSvGet(SvOperation.RELOAD, SvAction.DO)
                .processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareSvReload(500, DATE, TIME, FREE)
                .processCommands(ChannelControl.KEEP_OPEN);
        checkStoredValue(card, BALANCE, number);
        transaction.prepareCloseSecureSession().processCommands(ChannelControl.CLOSE_AFTER);
        checkStoredValue(card, BALANCE + 500, number + 1);
        assertEquals(107, card.counter(LOADED));
        assertArrayEquals(NEW_CONTRACT, card.record(CONTRACTS, 1));

        // Here it comes last.
        transaction = terminal.regular(terminal.selectCard(), terminal.settings());
        transaction.prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadCounter(COUNTERS, 2)
                .prepareSvGet(SvOperation.DEBIT, SvAction.DO)
                .processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareSvDebit(200, DATE, TIME)
                .prepareAppendRecord(EVENTS, ENTRY)
                .prepareDecreaseCounter(COUNTERS, SPENT, 3)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
        checkStoredValue(card, BALANCE + 300, number + 2);
        assertEquals(97, card.counter(SPENT));
        assertArrayEquals(ENTRY, card.record(EVENTS, 1));

        transaction = terminal.regular(terminal.selectCard(), terminal.settings());
        transaction.prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                .prepareSvGet(SvOperation.DEBIT, SvAction.UNDO)
                .processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareSvDebit(50, DATE, TIME)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
        checkStoredValue(card, BALANCE + 350, number + 3);
        assertEquals(BALANCE + 350, svGet(terminal, SvOperation.RELOAD).getSvBalance());
        assertFalse("session open", card.isSessionOpen());
    }

    @Test
    public void bothLogsComeBeforeAnOperation() {
        forEach(KeypleFlowsIT::hasStoredValue, UnaryOperator.identity(), (terminal, card) -> {
            CalypsoCard image = terminal.selectCard();
            SecureRegularModeTransactionManager transaction =
                    terminal.regular(image, terminal.settings().enableSvLoadAndDebitLog());
            for (SvOperation operation : SvOperation.values()) {
                transaction.prepareSvGet(operation, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
                if (operation == SvOperation.RELOAD) {
                    transaction.prepareSvReload(500);
                } else {
                    transaction.prepareSvDebit(200);
                }
                transaction.processCommands(ChannelControl.CLOSE_AFTER);
            }
            assertEquals(BALANCE + 300, card.balance());
            CalypsoCard after = terminal.selectCard();
            terminal.regular(after, terminal.settings().enableSvLoadAndDebitLog())
                    .prepareSvGet(SvOperation.DEBIT, SvAction.DO).processCommands(ChannelControl.CLOSE_AFTER);
            assertEquals(500, after.getSvLoadLogRecord().getAmount());
            assertEquals(-200, after.getSvDebitLogLastRecord().getAmount());
        });
    }

    @Test
    public void cancelledSessionChangesNoStoredValue() {
        forEach(KeypleFlowsIT::hasStoredValue, UnaryOperator.identity(), (terminal, card) -> {
            byte[] before = card.contents();
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            transaction.prepareOpenSecureSession(WriteAccessLevel.LOAD)
                    .prepareSvGet(SvOperation.RELOAD, SvAction.DO)
                    .processCommands(ChannelControl.KEEP_OPEN);
            transaction.prepareSvReload(500).processCommands(ChannelControl.KEEP_OPEN);
            transaction.prepareCancelSecureSession().processCommands(ChannelControl.KEEP_OPEN);
            assertArrayEquals(before, card.contents());
            // Neither card nor SAM is left with half an operation.
            transaction.prepareSvGet(SvOperation.RELOAD, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
            transaction.prepareSvReload(300).processCommands(ChannelControl.CLOSE_AFTER);
            assertEquals(BALANCE + 300, card.balance());
        });
    }

    @Test
    public void debitBelowZeroNeedsTheDeployersConsent() {
        forEach(KeypleFlowsIT::hasStoredValue, UnaryOperator.identity(), (terminal, card) -> {
            byte[] before = card.contents();
            CalypsoCard image = svGet(terminal, SvOperation.DEBIT);
            SecureRegularModeTransactionManager transaction = terminal.regular(image, terminal.settings());
            transaction.prepareSvGet(SvOperation.DEBIT, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
            transaction.prepareSvDebit(BALANCE + 1);
            assertThrows(IllegalStateException.class, () -> transaction.processCommands(ChannelControl.CLOSE_AFTER));
            assertArrayEquals(before, card.contents());

            SecureRegularModeTransactionManager generous =
                    terminal.regular(terminal.selectCard(), terminal.settings().authorizeSvNegativeBalance());
            generous.prepareSvGet(SvOperation.DEBIT, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
            generous.prepareSvDebit(BALANCE + 1).processCommands(ChannelControl.CLOSE_AFTER);
            assertEquals(-1, card.balance());
            assertEquals(-1, svGet(terminal, SvOperation.DEBIT).getSvBalance());
        });
    }

    @Test
    public void samRefusesForgedStoredValueSignature() throws Exception {
        Card card = builder(Sam.HSM_C1, CardProduct.CD21).build();
        SimulatedCardReader forger = new SimulatedCardReader("card of SV forger", card, true) {
            @Override
            public byte[] transmitApdu(byte[] apdu) {
                byte[] response = super.transmitApdu(apdu);
                if (apdu[1] == (byte) 0xB8 && response.length > 2) {
                    response[0] ^= 1;
                }
                return response;
            }
        };
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("SV forger", channel, card, forger)) {
            terminal.selectSam(ProductType.HSM_C1);
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            transaction.prepareSvGet(SvOperation.RELOAD, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
            transaction.prepareSvReload(500);
            assertThrows(InvalidCardSignatureException.class, () -> transaction.processCommands(ChannelControl.CLOSE_AFTER));
        }
    }

    /** The AES extension has the extended form only, and these SAMs have no extended mode. */
    @Test
    public void aesExtensionRefusesShortFormOfStoredValue() {
        forEach((sam, product) -> product == CardProduct.TANGO_AES && sam != Sam.HSM_C1, UnaryOperator.identity(),
                (terminal, card) -> {
                    byte[] before = card.contents();
                    for (SvOperation operation : SvOperation.values()) {
                        assertRefused(0x6A81, () -> svGet(terminal, operation));
                    }
                    assertArrayEquals(before, card.contents());
                });
    }

    @Test
    public void keypleSeesNoStoredValueOnCd97OfType01() {
        forEach((sam, product) -> product == CardProduct.CD97,
                builder -> builder.startupInformation(CardProduct.CD97.startupInformation()),
                (terminal, card) -> {
                    assertFalse(terminal.selectCard().isSvFeatureAvailable());
                    assertThrows(UnsupportedOperationException.class, () -> svGet(terminal, SvOperation.RELOAD));
                });
    }

    private static boolean hasStoredValue(Sam sam, CardProduct product) {
        return product != CardProduct.TANGO_AES || sam == Sam.HSM_C1;
    }

    /** Selects the card anew and asks it, so that nothing comes from what Keyple remembers. */
    private static CalypsoCard svGet(KeypleTerminal terminal, SvOperation operation) {
        CalypsoCard image = terminal.selectCard();
        terminal.regular(image, terminal.settings()).prepareSvGet(operation, SvAction.DO).processCommands(ChannelControl.KEEP_OPEN);
        return image;
    }

    private static void checkStoredValue(Card card, int balance, int number) {
        assertEquals("balance", balance, card.balance());
        assertEquals("transaction number", number, card.storedValueTransactionNumber());
    }

    /**
     * Compares Keyple's log with the card's, but for the transaction number at its end: the card writes the number that SV
     * Get showed, and Keyple expects the next one.
     */
    private static void assertLog(byte[] keyple, byte[] card) {
        int length = card.length - 2;
        assertArrayEquals("log", Arrays.copyOf(keyple, length), Arrays.copyOf(card, length));
    }

    private static byte[] filesOf(Card card) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte sfi : new byte[] {ENVIRONMENT, CONTRACTS, EVENTS, COUNTERS}) {
            out.writeBytes(card.record(sfi, 1));
        }
        return out.toByteArray();
    }

    // --- PIN

    @Test
    public void pinIsPresentedAndBlocked() {
        forEach(everywhere(), UnaryOperator.identity(), KeypleFlowsIT::presentAndBlock);
    }

    private static void presentAndBlock(KeypleTerminal terminal, Card card) {
        CalypsoCard image = terminal.selectCard();
        SecureRegularModeTransactionManager transaction = terminal.regular(image, pinSettings(terminal, card));
        // The file of the holder's name opens to those who know the PIN.
        assertRefused(0x6982, () -> readName(terminal.regular(image, terminal.settings())));
        transaction.prepareCheckPinStatus().processCommands(ChannelControl.KEEP_OPEN);
        assertEquals(3, image.getPinAttemptRemaining());
        transaction.prepareVerifyPin(PIN).processCommands(ChannelControl.KEEP_OPEN);
        readName(transaction);
        assertArrayEquals(NAME, image.getFileBySfi(IDENTITY).getData().getContent(1));

        checkWrongPin(transaction, image, card, 2);
        assertRefused(0x6982, () -> readName(transaction));
        transaction.prepareVerifyPin(PIN).processCommands(ChannelControl.KEEP_OPEN);
        assertEquals("tries after the right PIN", 3, card.pinTries());

        checkWrongPin(transaction, image, card, 2);
        checkWrongPin(transaction, image, card, 1);
        checkWrongPin(transaction, image, card, 0);
        assertTrue("blocked", image.isPinBlocked());
        transaction.prepareVerifyPin(PIN);
        assertThrows(InvalidPinException.class, () -> transaction.processCommands(ChannelControl.CLOSE_AFTER));
        assertEquals(0, card.pinTries());

        CalypsoCard again = terminal.selectCard();
        terminal.regular(again, terminal.settings()).prepareCheckPinStatus().processCommands(ChannelControl.KEEP_OPEN);
        assertTrue("blocked", again.isPinBlocked());
        // The rest of the card works on.
        sell(terminal, card, UnaryOperator.identity());
    }

    private static void checkWrongPin(SecureRegularModeTransactionManager transaction, CalypsoCard image, Card card, int left) {
        transaction.prepareVerifyPin(WRONG_PIN);
        assertThrows(InvalidPinException.class, () -> transaction.processCommands(ChannelControl.KEEP_OPEN));
        assertEquals(left, image.getPinAttemptRemaining());
        assertEquals(left, card.pinTries());
    }

    @Test
    public void pinIsPresentedInSession() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            for (WriteAccessLevel level : WriteAccessLevel.values()) {
                CalypsoCard image = terminal.selectCard();
                SecureRegularModeTransactionManager transaction = terminal.regular(image, pinSettings(terminal, card));
                transaction.prepareOpenSecureSession(level)
                        .prepareVerifyPin(PIN)
                        .prepareReadRecords(IDENTITY, 1, 1, CardCommands.RECORD_LENGTH)
                        .prepareAppendRecord(EVENTS, ENTRY)
                        .prepareCloseSecureSession()
                        .processCommands(ChannelControl.CLOSE_AFTER);
                assertArrayEquals(NAME, image.getFileBySfi(IDENTITY).getData().getContent(1));
                assertEquals(3, card.pinTries());
            }
            assertArrayEquals(ENTRY, card.record(EVENTS, 3));

            byte[] before = card.contents();
            CalypsoCard image = terminal.selectCard();
            SecureRegularModeTransactionManager transaction = terminal.regular(image, pinSettings(terminal, card));
            transaction.prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                    .prepareAppendRecord(EVENTS, SALE)
                    .prepareVerifyPin(WRONG_PIN)
                    .prepareCloseSecureSession();
            assertThrows(InvalidPinException.class, () -> transaction.processCommands(ChannelControl.CLOSE_AFTER));
            assertEquals("a dropped session gives no try back", 2, card.pinTries());
            assertFalse("session open", card.isSessionOpen());
            assertArrayEquals(before, card.contents());
        });
    }

    @Test
    public void pinGoesInPlainThroughContacts() {
        forEachWith(everywhere(), UnaryOperator.identity(), KeypleFlowsIT::contactReader, (terminal, card) -> {
            CalypsoCard image = terminal.selectCard();
            SecureRegularModeTransactionManager transaction =
                    terminal.regular(image, terminal.settings().enablePinPlainTransmission());
            checkWrongPin(transaction, image, card, 2);
            transaction.prepareVerifyPin(PIN).processCommands(ChannelControl.KEEP_OPEN);
            readName(transaction);
            transaction.prepareChangePin(OTHER_PIN).processCommands(ChannelControl.KEEP_OPEN);
            checkWrongPin(transaction, image, card, 2);
            transaction.prepareVerifyPin(OTHER_PIN).processCommands(ChannelControl.CLOSE_AFTER);
            assertEquals(3, card.pinTries());

            SecureRegularModeTransactionManager stranger =
                    terminal.regular(terminal.selectCard(), terminal.settings().enablePinPlainTransmission());
            stranger.prepareChangePin(PIN);
            assertRefused(0x6982, () -> stranger.processCommands(ChannelControl.CLOSE_AFTER));
        });
    }

    @Test
    public void issuerChangesBlockedPin() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            CalypsoCard image = terminal.selectCard();
            SecureRegularModeTransactionManager transaction = terminal.regular(image, pinSettings(terminal, card));
            for (int left = 2; left >= 0; left--) {
                checkWrongPin(transaction, image, card, left);
            }
            transaction.prepareChangePin(OTHER_PIN).processCommands(ChannelControl.KEEP_OPEN);
            assertEquals(3, card.pinTries());
            transaction.prepareVerifyPin(PIN);
            assertThrows(InvalidPinException.class, () -> transaction.processCommands(ChannelControl.KEEP_OPEN));
            assertEquals(2, card.pinTries());
            transaction.prepareVerifyPin(OTHER_PIN).processCommands(ChannelControl.KEEP_OPEN);
            assertEquals(3, card.pinTries());
            readName(transaction);
        });
    }

    @Test
    public void changePinNeedsIssuerKey() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            CalypsoCard image = terminal.selectCard();
            SymmetricCryptoSecuritySetting settings =
                    pinSettings(terminal, card).setPinModificationCipheringKey(kif(card, CardCommands.LOAD), kvc(card));
            SecureRegularModeTransactionManager transaction = terminal.regular(image, settings);
            transaction.prepareChangePin(OTHER_PIN);
            assertRefused(0x6988, () -> transaction.processCommands(ChannelControl.KEEP_OPEN));
            transaction.prepareVerifyPin(PIN).processCommands(ChannelControl.CLOSE_AFTER);
            assertEquals(3, card.pinTries());
        });
    }

    private static void readName(SecureRegularModeTransactionManager transaction) {
        transaction.prepareReadRecords(IDENTITY, 1, 1, CardCommands.RECORD_LENGTH).processCommands(ChannelControl.KEEP_OPEN);
    }

    private static SymmetricCryptoSecuritySetting pinSettings(KeypleTerminal terminal, Card card) {
        return terminal.settings()
                .setPinVerificationCipheringKey(kif(card, CardCommands.DEBIT), kvc(card))
                .setPinModificationCipheringKey(kif(card, CardCommands.ISSUER), kvc(card));
    }

    private static SimulatedCardReader contactReader(String name, Card card) {
        return new SimulatedCardReader(name, card, false);
    }

    // --- keys

    @Test
    public void loadKeyIsChanged() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            byte[] before = card.contents();
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            transaction.prepareChangeKey(CardCommands.LOAD, OTHER_LOAD, kvc(card), kif(card, CardCommands.ISSUER), kvc(card))
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertArrayEquals("files", before, card.contents());

            // A revision 3 card tells the KIF of its key; with others it is the deployer's setting that must be right.
            if (card.product().isRevision3()) {
                SecureRegularModeTransactionManager old = terminal.regular(terminal.selectCard(),
                        terminal.settings().addAuthorizedSessionKey(kif(card, CardCommands.LOAD), kvc(card)));
                assertThrows(UnauthorizedKeyException.class, () -> load(old));
            } else {
                refusesSale(terminal, card, 0x6988);
            }
            sell(terminal, card, settings -> settings.assignDefaultKif(WriteAccessLevel.LOAD, OTHER_LOAD)
                    .addAuthorizedSessionKey(OTHER_LOAD, kvc(card)));
            enter(terminal, card);
        });
    }

    @Test
    public void issuerKeyIsChanged() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            transaction.prepareChangeKey(CardCommands.ISSUER, OTHER_ISSUER, kvc(card), kif(card, CardCommands.ISSUER), kvc(card))
                    .processCommands(ChannelControl.KEEP_OPEN);
            // The old issuer key opens nothing any more, the new one does.
            transaction.prepareChangeKey(CardCommands.LOAD, OTHER_LOAD, kvc(card), kif(card, CardCommands.ISSUER), kvc(card));
            assertRefused(0x6988, () -> transaction.processCommands(ChannelControl.KEEP_OPEN));
            sell(terminal, card, UnaryOperator.identity());
            personalize(terminal, card, settings -> settings.assignDefaultKif(WriteAccessLevel.PERSONALIZATION, OTHER_ISSUER)
                    .addAuthorizedSessionKey(OTHER_ISSUER, kvc(card)));
            terminal.regular(terminal.selectCard(), terminal.settings())
                    .prepareChangeKey(CardCommands.LOAD, OTHER_LOAD, kvc(card), OTHER_ISSUER, kvc(card))
                    .processCommands(ChannelControl.CLOSE_AFTER);
            sell(terminal, card, settings -> settings.assignDefaultKif(WriteAccessLevel.LOAD, OTHER_LOAD)
                    .addAuthorizedSessionKey(OTHER_LOAD, kvc(card)));
        });
    }

    @Test
    public void virginCardGetsItsKeysAndLosesThemAgain() {
        forEach(everywhere(), builder -> builder.virgin(true), (terminal, card) -> {
            refusesSale(terminal, card, 0x6A81);
            byte issuer = kif(card, CardCommands.ISSUER);
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            transaction.prepareChangeKey(CardCommands.ISSUER, issuer, kvc(card), (byte) 0, (byte) 0)
                    .prepareChangeKey(CardCommands.LOAD, kif(card, CardCommands.LOAD), kvc(card), issuer, kvc(card))
                    .prepareChangeKey(CardCommands.DEBIT, kif(card, CardCommands.DEBIT), kvc(card), issuer, kvc(card))
                    .processCommands(ChannelControl.CLOSE_AFTER);
            personalize(terminal, card, UnaryOperator.identity());
            sell(terminal, card, UnaryOperator.identity());
            enter(terminal, card);

            SecureRegularModeTransactionManager end = terminal.regular(terminal.selectCard(), terminal.settings());
            for (int index = CardCommands.DEBIT; index >= CardCommands.ISSUER; index--) {
                end.prepareChangeKey(index, (byte) 0, (byte) 0, issuer, kvc(card));
            }
            end.processCommands(ChannelControl.CLOSE_AFTER);
            refusesSale(terminal, card, 0x6A81);
        });
    }

    // --- invalidation and personalization

    @Test
    public void cardIsInvalidatedAndRehabilitated() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            CalypsoCard image = terminal.selectCard();
            terminal.regular(image, terminal.settings())
                    .prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                    .prepareAppendRecord(EVENTS, ENTRY)
                    .prepareInvalidate()
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertTrue("invalidated", card.isInvalidated());
            assertTrue("invalidated as Keyple knows it", image.isDfInvalidated());
            assertArrayEquals(ENTRY, card.record(EVENTS, 1));

            assertThrows("selection without consent", AssertionError.class, terminal::selectCard);
            image = terminal.selectInvalidatedCard();
            assertTrue("invalidated", image.isDfInvalidated());
            byte[] before = card.contents();
            SecureRegularModeTransactionManager sale = terminal.regular(image, terminal.settings());
            assertRefused(0x6985, () -> load(sale));
            SecureRegularModeTransactionManager seller =
                    terminal.regular(terminal.selectInvalidatedCard(), terminal.settings());
            seller.prepareOpenSecureSession(WriteAccessLevel.LOAD).prepareRehabilitate().prepareCloseSecureSession();
            assertRefused(0x6982, () -> seller.processCommands(ChannelControl.CLOSE_AFTER));
            assertArrayEquals(before, card.contents());

            image = terminal.selectInvalidatedCard();
            terminal.regular(image, terminal.settings())
                    .prepareOpenSecureSession(WriteAccessLevel.PERSONALIZATION)
                    .prepareRehabilitate()
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertFalse("invalidated", card.isInvalidated());
            assertFalse("invalidated as Keyple knows it", image.isDfInvalidated());
            sell(terminal, card, UnaryOperator.identity());
        });
    }

    @Test
    public void issuerPersonalizes() {
        forEach(everywhere(), UnaryOperator.identity(), (terminal, card) -> {
            for (WriteAccessLevel level : List.of(WriteAccessLevel.LOAD, WriteAccessLevel.DEBIT)) {
                SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
                transaction.prepareOpenSecureSession(level)
                        .prepareUpdateRecord(ENVIRONMENT, 1, NEW_HOLDER)
                        .prepareCloseSecureSession();
                assertRefused(0x6982, () -> transaction.processCommands(ChannelControl.CLOSE_AFTER));
                assertArrayEquals(HOLDER, card.record(ENVIRONMENT, 1));
            }
            personalize(terminal, card, UnaryOperator.identity());
        });
    }

    /** As revision 1 card it has neither PIN nor stored value for Keyple, which also doesn't see that it is invalidated. */
    @Test
    public void cd97AsRevision1() {
        forEach((sam, product) -> product == CardProduct.CD97, UnaryOperator.identity(), (terminal, card) -> {
            CalypsoCard image = terminal.selectRevision1Card();
            assertFalse(image.isPinFeatureAvailable());
            assertFalse(image.isSvFeatureAvailable());
            terminal.regular(image, terminal.settings().enableMultipleSession())
                    .prepareOpenSecureSession(WriteAccessLevel.PERSONALIZATION)
                    .prepareUpdateRecord(ENVIRONMENT, 1, NEW_HOLDER)
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertArrayEquals(NEW_HOLDER, card.record(ENVIRONMENT, 1));
            terminal.regular(terminal.selectRevision1Card(), terminal.settings())
                    .prepareChangeKey(CardCommands.LOAD, OTHER_LOAD, kvc(card), kif(card, CardCommands.ISSUER), kvc(card))
                    .processCommands(ChannelControl.CLOSE_AFTER);

            SymmetricCryptoSecuritySetting settings =
                    terminal.settings().enableMultipleSession().assignDefaultKif(WriteAccessLevel.LOAD, OTHER_LOAD);
            image = terminal.selectRevision1Card();
            terminal.regular(image, settings)
                    .prepareOpenSecureSession(WriteAccessLevel.LOAD)
                    .prepareUpdateRecord(CONTRACTS, 1, NEW_CONTRACT)
                    .prepareInvalidate()
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertArrayEquals(NEW_CONTRACT, card.record(CONTRACTS, 1));
            assertTrue("invalidated", card.isInvalidated());
            terminal.regular(image, settings)
                    .prepareOpenSecureSession(WriteAccessLevel.PERSONALIZATION)
                    .prepareRehabilitate()
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertFalse("invalidated", card.isInvalidated());
        });
    }

    // --- a session of the AES extension in which all is ciphered

    @Test
    public void pinAndStoredValueUnderEncryption() {
        forEach((sam, product) -> product == CardProduct.TANGO_AES && sam == Sam.HSM_C1, UnaryOperator.identity(),
                (terminal, card) -> {
                    CalypsoCard image = terminal.selectCard();
                    SecureExtendedModeTransactionManager transaction = terminal.extended(image, pinSettings(terminal, card));
                    transaction.prepareOpenSecureSession(WriteAccessLevel.PERSONALIZATION)
                            .prepareEarlyMutualAuthentication()
                            .prepareActivateEncryption()
                            .prepareVerifyPin(PIN)
                            .prepareReadRecords(IDENTITY, 1, 1, CardCommands.RECORD_LENGTH)
                            .prepareSvGet(SvOperation.RELOAD, SvAction.DO)
                            .processCommands(ChannelControl.KEEP_OPEN);
                    transaction.prepareSvReload(500, DATE, TIME, FREE)
                            .prepareInvalidate()
                            .prepareDeactivateEncryption()
                            .prepareCloseSecureSession()
                            .processCommands(ChannelControl.CLOSE_AFTER);
                    assertArrayEquals(NAME, image.getFileBySfi(IDENTITY).getData().getContent(1));
                    checkStoredValue(card, BALANCE + 500, 1);
                    assertTrue("invalidated", card.isInvalidated());
                });
    }

    // --- what flows have in common

    private static void personalize(KeypleTerminal terminal, Card card, UnaryOperator<SymmetricCryptoSecuritySetting> change) {
        terminal.regular(terminal.selectCard(), change.apply(terminal.settings()))
                .prepareOpenSecureSession(WriteAccessLevel.PERSONALIZATION)
                .prepareUpdateRecord(ENVIRONMENT, 1, NEW_HOLDER)
                .prepareUpdateRecord(CONTRACTS, 1, OLD_CONTRACT)
                .prepareUpdateRecord(IDENTITY, 1, NAME)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
        assertArrayEquals(NEW_HOLDER, card.record(ENVIRONMENT, 1));
        assertArrayEquals(OLD_CONTRACT, card.record(CONTRACTS, 1));
        assertArrayEquals(NAME, card.record(IDENTITY, 1));
    }

    private static void sell(KeypleTerminal terminal, Card card, UnaryOperator<SymmetricCryptoSecuritySetting> change) {
        int before = card.counter(LOADED);
        load(terminal.regular(terminal.selectCard(), change.apply(terminal.settings())));
        assertArrayEquals(NEW_CONTRACT, card.record(CONTRACTS, 1));
        assertEquals(before + 7, card.counter(LOADED));
    }

    private static void refusesSale(KeypleTerminal terminal, Card card, int statusWord) {
        byte[] before = card.contents();
        SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
        assertRefused(statusWord, () -> load(transaction));
        assertFalse("session open", card.isSessionOpen());
        assertArrayEquals(before, card.contents());
    }

    /** The status word that Keyple stopped at is the last entry of the audit in its exception. */
    private static void assertRefused(int statusWord, ThrowingRunnable step) {
        String message = assertThrows(InvalidCardResponseException.class, step).getMessage();
        String end = String.format("\"%04X\"]}", statusWord);
        assertTrue(end + " expected at the end of: " + message, message.endsWith(end));
    }

    private static <T extends SecureSymmetricCryptoTransactionManager<T>> void load(T transaction) {
        transaction.prepareOpenSecureSession(WriteAccessLevel.LOAD)
                .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadCounter(COUNTERS, 2)
                .processCommands(ChannelControl.KEEP_OPEN);
        transaction.prepareUpdateRecord(CONTRACTS, 1, NEW_CONTRACT)
                .prepareIncreaseCounter(COUNTERS, LOADED, 7)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
    }

    private static void enter(KeypleTerminal terminal, Card card) {
        terminal.regular(terminal.selectCard(), terminal.settings())
                .prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                .prepareAppendRecord(EVENTS, ENTRY)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
        assertArrayEquals(ENTRY, card.record(EVENTS, 1));
    }

    private static byte kif(Card card, int keyIndex) {
        return (byte) CardCommands.of(card.product()).kif(keyIndex);
    }

    private static byte kvc(Card card) {
        return (byte) card.product().kvc();
    }

    // --- form of SAM by card product

    /** Chooses the cells of the matrix that a flow applies to. */
    private interface Cells {
        boolean contains(Sam sam, CardProduct product);
    }

    private interface Reader {
        SimulatedCardReader with(String name, Card card);
    }

    private static Cells everywhere() {
        return (sam, product) -> true;
    }

    private void forEach(Cells cells, UnaryOperator<CardBuilder> change, Flow flow) {
        forEachWith(cells, change, (name, card) -> new SimulatedCardReader(name, card, true), flow);
    }

    /** Runs a flow in all its cells, and fails with all those that failed. */
    private void forEachWith(Cells cells, UnaryOperator<CardBuilder> change, Reader reader, Flow flow) {
        List<String> failed = new ArrayList<>();
        List<Throwable> causes = new ArrayList<>();
        int run = 0;
        for (Sam sam : Sam.values()) {
            for (CardProduct product : CardProduct.values()) {
                if (!cells.contains(sam, product)) {
                    continue;
                }
                run++;
                String name = product + " with " + sam;
                Card card = change.apply(builder(sam, product)).build();
                try (Channel channel = platform.open(sam.keyGroup);
                        KeypleTerminal terminal = new KeypleTerminal(name, channel, card, reader.with("card of " + name, card))) {
                    flow.run(terminal.selectSam(sam.type), card);
                } catch (Exception | AssertionError e) {
                    failed.add(name + ": " + String.valueOf(e).lines().findFirst().orElse(""));
                    causes.add(e);
                }
            }
        }
        assertTrue("cells", run > 0);
        if (!failed.isEmpty()) {
            AssertionError failure = new AssertionError(String.join("; ", failed));
            causes.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private static CardBuilder builder(Sam sam, CardProduct product) {
        CardBuilder builder = Cards.builder(product, sam.keyGroup).record(IDENTITY, 1, NAME).pin(PIN).balance(BALANCE);
        return product == CardProduct.CD97 ? builder.startupInformation(CD97_WITH_STORED_VALUE) : builder;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
