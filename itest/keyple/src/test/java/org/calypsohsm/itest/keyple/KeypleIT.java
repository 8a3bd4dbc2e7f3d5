package org.calypsohsm.itest.keyple;

import static org.calypsohsm.itest.keyple.Cards.CONTRACTS;
import static org.calypsohsm.itest.keyple.Cards.COUNTERS;
import static org.calypsohsm.itest.keyple.Cards.ENTRY;
import static org.calypsohsm.itest.keyple.Cards.ENVIRONMENT;
import static org.calypsohsm.itest.keyple.Cards.EVENTS;
import static org.calypsohsm.itest.keyple.Cards.HOLDER;
import static org.calypsohsm.itest.keyple.Cards.LOADED;
import static org.calypsohsm.itest.keyple.Cards.NEW_CONTRACT;
import static org.calypsohsm.itest.keyple.Cards.SALE;
import static org.calypsohsm.itest.keyple.Cards.SPENT;
import static org.calypsohsm.itest.keyple.Cards.card;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.itest.keyple.adapter.SimulatedCardReader;
import org.eclipse.keypop.calypso.card.WriteAccessLevel;
import org.eclipse.keypop.calypso.card.card.CalypsoCard;
import org.eclipse.keypop.calypso.card.transaction.CryptoException;
import org.eclipse.keypop.calypso.card.transaction.InvalidCardSignatureException;
import org.eclipse.keypop.calypso.card.transaction.SecureRegularModeTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SecureSymmetricCryptoTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SymmetricCryptoSecuritySetting;
import org.eclipse.keypop.calypso.crypto.legacysam.sam.LegacySam.ProductType;
import org.eclipse.keypop.reader.ChannelControl;
import org.eclipse.keypop.reader.InvalidCardResponseException;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** Eclipse Keyple runs secure sessions with simulated cards; its SAM is a channel of the platform. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class KeypleIT {

    private static final int CLIENTS = 20;
    private static final int SALES_EACH = 5;

    private Platform platform;

    @Configuration
    public Option[] configuration() {
        return Platform.container();
    }

    @Before
    public void awaitPlatform() throws InterruptedException {
        platform = Platform.await();
    }

    // --- form of SAM by card product

    @Test
    public void cd97WithHsmC1() throws Exception {
        sells(Platform.HSM_C1, ProductType.HSM_C1, CardProduct.CD97);
    }

    @Test
    public void cd21WithHsmC1() throws Exception {
        sells(Platform.HSM_C1, ProductType.HSM_C1, CardProduct.CD21);
    }

    @Test
    public void tangoWithHsmC1() throws Exception {
        sells(Platform.HSM_C1, ProductType.HSM_C1, CardProduct.TANGO);
    }

    @Test
    public void tangoAesWithHsmC1() throws Exception {
        sells(Platform.HSM_C1, ProductType.HSM_C1, CardProduct.TANGO_AES);
    }

    @Test
    public void cd97WithS1E1() throws Exception {
        sells(Platform.S1E1, ProductType.SAM_S1E1, CardProduct.CD97);
    }

    @Test
    public void cd21WithS1E1() throws Exception {
        sells(Platform.S1E1, ProductType.SAM_S1E1, CardProduct.CD21);
    }

    @Test
    public void tangoWithS1E1() throws Exception {
        sells(Platform.S1E1, ProductType.SAM_S1E1, CardProduct.TANGO);
    }

    @Test
    public void tangoAesWithS1E1() throws Exception {
        sells(Platform.S1E1, ProductType.SAM_S1E1, CardProduct.TANGO_AES);
    }

    @Test
    public void cd97WithS1D() throws Exception {
        sells(Platform.S1D, ProductType.SAM_S1DX, CardProduct.CD97);
    }

    @Test
    public void cd21WithS1D() throws Exception {
        sells(Platform.S1D, ProductType.SAM_S1DX, CardProduct.CD21);
    }

    @Test
    public void tangoWithS1D() throws Exception {
        sells(Platform.S1D, ProductType.SAM_S1DX, CardProduct.TANGO);
    }

    @Test
    public void tangoAesWithS1D() throws Exception {
        sells(Platform.S1D, ProductType.SAM_S1DX, CardProduct.TANGO_AES);
    }

    private void sells(int keyGroup, ProductType type, CardProduct product) throws Exception {
        Card card = card(product, keyGroup, 1);
        try (Channel channel = platform.open(keyGroup);
                KeypleTerminal terminal = new KeypleTerminal(product + " with " + type, channel, card)) {
            terminal.selectSam(type);
            assertEquals(type, terminal.sam().getProductType());
            assertEquals("queued reads of the selection", type == ProductType.SAM_S1DX,
                    terminal.sam().getWorkKeyParameter((byte) 0x27, (byte) product.kvc()) == null);
            sell(terminal, card);
            assertTrue("ratified", card.isRatified());
        }
    }

    /** One customer: a sale with the load key, then an entry with the debit key. Checks what Keyple read and what the card keeps. */
    private static void sell(KeypleTerminal terminal, Card card) {
        load(terminal.regular(terminal.selectCard(), terminal.settings()), card, ChannelControl.CLOSE_AFTER);
        CalypsoCard image = terminal.selectCard();
        debit(terminal.regular(image, terminal.settings()), image, card);
    }

    private static <T extends SecureSymmetricCryptoTransactionManager<T>> void load(T transaction, Card card, ChannelControl after) {
        int before = card.counter(LOADED);
        transaction.prepareOpenSecureSession(WriteAccessLevel.LOAD)
                .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadRecords(CONTRACTS, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadCounter(COUNTERS, 2)
                .processCommands(ChannelControl.KEEP_OPEN);
        assertTrue("session open", card.isSessionOpen());
        // Three modifications: as many as a Tango takes in one session.
        transaction.prepareUpdateRecord(CONTRACTS, 1, NEW_CONTRACT)
                .prepareAppendRecord(EVENTS, SALE)
                .prepareIncreaseCounter(COUNTERS, LOADED, 7)
                .prepareCloseSecureSession()
                .processCommands(after);
        assertFalse("session open", card.isSessionOpen());
        assertArrayEquals(NEW_CONTRACT, card.record(CONTRACTS, 1));
        assertArrayEquals(SALE, card.record(EVENTS, 1));
        assertEquals(before + 7, card.counter(LOADED));
    }

    private static void debit(SecureRegularModeTransactionManager transaction, CalypsoCard image, Card card) {
        int before = card.counter(SPENT);
        byte[] lastEvent = card.record(EVENTS, 1);
        transaction.prepareOpenSecureSession(WriteAccessLevel.DEBIT)
                .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadRecords(CONTRACTS, 1, 1, CardCommands.RECORD_LENGTH)
                .prepareReadCounter(COUNTERS, 2)
                .processCommands(ChannelControl.KEEP_OPEN);
        assertArrayEquals(HOLDER, image.getFileBySfi(ENVIRONMENT).getData().getContent(1));
        assertArrayEquals(card.record(CONTRACTS, 1), image.getFileBySfi(CONTRACTS).getData().getContent(1));
        transaction.prepareAppendRecord(EVENTS, ENTRY)
                .prepareDecreaseCounter(COUNTERS, SPENT, 3)
                .prepareCloseSecureSession()
                .processCommands(ChannelControl.CLOSE_AFTER);
        assertArrayEquals(ENTRY, card.record(EVENTS, 1));
        assertArrayEquals(lastEvent, card.record(EVENTS, 2));
        assertEquals(before - 3, card.counter(SPENT));
        assertEquals("counter as Keyple knows it, whether the card told it at once or at Close", card.counter(SPENT),
                image.getFileBySfi(COUNTERS).getData().getContentAsCounterValue(SPENT).intValue());
    }

    // --- other ways to open a session

    @Test
    public void extendedMode() throws Exception {
        Card card = card(CardProduct.TANGO_AES, Platform.HSM_C1, 1);
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("extended mode", channel, card)) {
            terminal.selectSam(ProductType.HSM_C1);
            load(terminal.extended(terminal.selectCard()), card, ChannelControl.CLOSE_AFTER);
        }
    }

    @Test
    public void extendedModeWithMutualAuthenticationAndEncryption() throws Exception {
        Card card = card(CardProduct.TANGO_AES, Platform.HSM_C1, 1);
        List<byte[]> sent = new ArrayList<>();
        SimulatedCardReader reader = new SimulatedCardReader("card of encryption", card, true) {
            @Override
            public byte[] transmitApdu(byte[] apdu) {
                sent.add(apdu.clone());
                return super.transmitApdu(apdu);
            }
        };
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("encryption", channel, card, reader)) {
            terminal.selectSam(ProductType.HSM_C1);
            CalypsoCard image = terminal.selectCard();
            terminal.extended(image)
                    .prepareOpenSecureSession(WriteAccessLevel.LOAD)
                    .prepareEarlyMutualAuthentication()
                    .prepareActivateEncryption()
                    .prepareReadRecords(ENVIRONMENT, 1, 1, CardCommands.RECORD_LENGTH)
                    .prepareUpdateRecord(CONTRACTS, 1, NEW_CONTRACT)
                    .prepareDeactivateEncryption()
                    .prepareAppendRecord(EVENTS, SALE)
                    .prepareCloseSecureSession()
                    .processCommands(ChannelControl.CLOSE_AFTER);
            assertArrayEquals(HOLDER, image.getFileBySfi(ENVIRONMENT).getData().getContent(1));
            assertArrayEquals(NEW_CONTRACT, card.record(CONTRACTS, 1));
            assertArrayEquals(SALE, card.record(EVENTS, 1));
        }
        assertFalse("contract in clear on the air", sent.stream().anyMatch(apdu -> holds(apdu, NEW_CONTRACT)));
        assertTrue("event in clear on the air", sent.stream().anyMatch(apdu -> holds(apdu, SALE)));
    }

    @Test
    public void contactReaderRatifiesWithClose() throws Exception {
        Card card = card(CardProduct.CD21, Platform.HSM_C1, 1);
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("contacts", channel, card,
                        new SimulatedCardReader("card of contacts", card, false))) {
            terminal.selectSam(ProductType.HSM_C1);
            load(terminal.regular(terminal.selectCard(), terminal.settings()), card, ChannelControl.KEEP_OPEN);
            assertTrue("ratified", card.isRatified());
        }
    }

    @Test
    public void cd97AsRevision1() throws Exception {
        Card card = card(CardProduct.CD97, Platform.HSM_C1, 1);
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("revision 1", channel, card)) {
            terminal.selectSam(ProductType.HSM_C1);
            CalypsoCard image = terminal.selectRevision1Card();
            assertEquals(CalypsoCard.ProductType.PRIME_REVISION_1, image.getProductType());
            // Keyple holds revision 1's limit of 3 commands for 3 bytes, so it needs a session for each modification.
            load(terminal.regular(image, terminal.settings().enableMultipleSession()), card, ChannelControl.CLOSE_AFTER);
            image = terminal.selectRevision1Card();
            debit(terminal.regular(image, terminal.settings().enableMultipleSession()), image, card);
        }
    }

    // --- what must fail

    @Test
    public void cardRefusesKeysOfAnotherKeyGroup() throws Exception {
        for (CardProduct product : CardProduct.values()) {
            Card card = card(product, Platform.S1E1, 1);
            byte[] before = card.contents();
            try (Channel channel = platform.open(Platform.HSM_C1);
                    KeypleTerminal terminal = new KeypleTerminal("other keys of " + product, channel, card)) {
                terminal.selectSam(ProductType.HSM_C1);
                SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
                assertThrows(InvalidCardResponseException.class, () -> load(transaction, card, ChannelControl.CLOSE_AFTER));
            }
            assertFalse("session open", card.isSessionOpen());
            assertArrayEquals(product + " unchanged", before, card.contents());
        }
    }

    @Test
    public void samRefusesKvcThatItDoesNotHave() throws Exception {
        Card card = card(CardProduct.CD97, Platform.HSM_C1, 1);
        byte[] before = card.contents();
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("unknown KVC", channel, card)) {
            terminal.selectSam(ProductType.HSM_C1);
            SecureRegularModeTransactionManager transaction =
                    terminal.regular(terminal.selectRevision1Card(), terminal.settings(card.product().kvc() + 1).enableMultipleSession());
            assertThrows(CryptoException.class, () -> load(transaction, card, ChannelControl.CLOSE_AFTER));
        }
        assertArrayEquals(before, card.contents());
    }

    @Test
    public void samRefusesForgedCardCertificate() throws Exception {
        Card card = card(CardProduct.CD21, Platform.HSM_C1, 1);
        SimulatedCardReader forger = new SimulatedCardReader("card of forger", card, true) {
            @Override
            public byte[] transmitApdu(byte[] apdu) {
                byte[] response = super.transmitApdu(apdu);
                if (apdu[1] == (byte) 0x8E && response.length > 2) {
                    response[response.length - 3] ^= 1;
                }
                return response;
            }
        };
        try (Channel channel = platform.open(Platform.HSM_C1);
                KeypleTerminal terminal = new KeypleTerminal("forger", channel, card, forger)) {
            terminal.selectSam(ProductType.HSM_C1);
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), terminal.settings());
            assertThrows(InvalidCardSignatureException.class, () -> load(transaction, card, ChannelControl.CLOSE_AFTER));
        }
    }

    // --- many clients, and a module that goes

    @Test
    public void manyClientsAtOnce() throws Exception {
        CyclicBarrier start = new CyclicBarrier(CLIENTS);
        List<Callable<Integer>> clients = new ArrayList<>();
        CardProduct[] products = CardProduct.values();
        for (int i = 0; i < CLIENTS; i++) {
            int number = i + 1;
            CardProduct product = products[i % products.length];
            clients.add(() -> {
                Card card = card(product, Platform.HSM_C1, number);
                try (Channel channel = platform.open(Platform.HSM_C1);
                        KeypleTerminal terminal = new KeypleTerminal("client " + number, channel, card)) {
                    terminal.selectSam(ProductType.HSM_C1);
                    start.await(30, TimeUnit.SECONDS);
                    for (int sale = 0; sale < SALES_EACH; sale++) {
                        sell(terminal, card);
                    }
                    return card.counter(LOADED);
                }
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            for (Future<Integer> client : threads.invokeAll(clients, 60, TimeUnit.SECONDS)) {
                assertEquals(100 + 7 * SALES_EACH, client.get().intValue());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    public void channelMovesBetweenTwoSessions() throws Exception {
        Card card = card(CardProduct.CD97, Platform.SHARED, 1);
        try (Channel channel = platform.open(Platform.SHARED);
                KeypleTerminal terminal = new KeypleTerminal("move", channel, card)) {
            terminal.selectSam(ProductType.HSM_C1);
            SymmetricCryptoSecuritySetting settings = terminal.settings();
            SecureRegularModeTransactionManager transaction = terminal.regular(terminal.selectCard(), settings);
            load(transaction, card, ChannelControl.KEEP_OPEN);
            // Keyple fetches the next challenge ahead, so the new module must know a challenge that it never drew.
            settings.initCryptoContextForNextTransaction();
            String first = channel.module();
            DrainReport report = platform.manager().drain(first, Duration.ofSeconds(5)).toCompletableFuture().get(10, TimeUnit.SECONDS);
            try {
                assertEquals(1, report.moved());
                assertNotEquals(first, channel.module());
                load(transaction, card, ChannelControl.CLOSE_AFTER);
                assertEquals(100 + 2 * 7, card.counter(LOADED));
            } finally {
                platform.manager().undrain(first);
            }
        }
    }

    // ---

    private static boolean holds(byte[] apdu, byte[] part) {
        for (int at = 0; at + part.length <= apdu.length; at++) {
            if (Arrays.equals(apdu, at, at + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }
}
