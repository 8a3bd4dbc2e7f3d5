package org.calypsohsm.itest.platform;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.calypsohsm.itest.kit.fault.Commands.cardWrite;
import static org.calypsohsm.itest.kit.fault.Commands.ins;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.itest.kit.Terminal;
import org.calypsohsm.itest.kit.fault.CardField;
import org.calypsohsm.itest.kit.fault.CardRemovedException;
import org.calypsohsm.itest.kit.fault.Fault;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.junit.Test;

/** Each fault of the tester kit, and what a client sees of it. */
public class FaultsIT extends HsmTest {

    private static final String MAIN = "main";
    private static final String SPARE = "spare";
    /** Both modules have the first group, only main has the other. */
    private static final int SHARED = 0;
    private static final int MAINS_OWN = 1;
    private static final int DIGEST_INIT = 0x8A;
    private static final int DIGEST_CLOSE = 0x8E;
    private static final int GET_CHALLENGE = 0x84;
    private static final byte[] GET_CHALLENGE_4 = {(byte) 0x80, (byte) GET_CHALLENGE, 0, 0, 4};
    private static final byte[] EVENT = {1, 2, 3, 4};

    private static Card card() {
        return Card.builder(CardProduct.TANGO).keyGroup(MAINS_OWN).counter(1, 20).build();
    }

    private static byte[] event(Card card) {
        return Arrays.copyOf(card.record(CardCommands.SFI_EVENTS, 1), EVENT.length);
    }

    private static void sell(Terminal terminal) throws Exception {
        terminal.session(CardCommands.DEBIT, terminal.commands().decrease(CardCommands.SFI_COUNTERS, 1, 1),
                terminal.commands().appendRecord(CardCommands.SFI_EVENTS, EVENT));
    }

    /** Sells as a server does that gets nothing for free: on a new channel, with the card as it is now. */
    private void sellsAgain(Card card) throws Exception {
        int before = card.counter(1);
        card.reset();
        try (Channel channel = hsm().open(MAINS_OWN)) {
            sell(new Terminal(card, channel));
        }
        assertEquals(before - 1, card.counter(1));
        assertArrayEquals(EVENT, event(card));
    }

    private static void assertChallenge(byte[] response) {
        assertEquals(6, response.length);
        assertEquals(StatusWord.OK, StatusWord.of(response));
    }

    private long lost(String module) {
        return hsm().channels().modules().stream().filter(report -> report.name().equals(module)).mapToLong(ModuleReport::lost).sum();
    }

    // ---- latency

    @Test
    public void latencyHoldsUpTheCommandsItIsForAndNoOthers() throws Exception {
        Fault slow = faults().on(MAIN).when(ins(GET_CHALLENGE)).after(1).times(1).delay(ofMillis(200));
        try (Channel channel = hsm().open(MAINS_OWN)) {
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
            assertEquals("the first passes", 0, slow.hits());
            long begin = System.nanoTime();
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
            assertTrue("held up", System.nanoTime() - begin >= ofMillis(200).toNanos());
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
            assertEquals("once", 1, slow.hits());
        }
    }

    @Test
    public void everySecondCommandIsSlow() throws Exception {
        Fault slow = faults().on(MAIN).when(ins(GET_CHALLENGE)).every(2).delay(ofMillis(1), ofMillis(3), 7);
        try (Channel channel = hsm().open(MAINS_OWN)) {
            for (int i = 0; i < 6; i++) {
                assertChallenge(channel.exchange(GET_CHALLENGE_4));
            }
        }
        assertEquals(3, slow.hits());
    }

    // ---- what gets lost on the way

    @Test
    public void aLostCommandWithoutASessionIsDoneByTheOtherModule() throws Exception {
        Fault spareIsFull = faults().on(SPARE).limit(0);
        try (Channel channel = hsm().open(SHARED)) {
            spareIsFull.end();
            assertEquals(MAIN, channel.module());
            Fault lost = faults().on(MAIN).times(1).loseCommand();
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
            assertEquals("it moved, and its client got an answer", SPARE, channel.module());
            assertEquals(1, lost.hits());
        }
    }

    @Test
    public void aLostCommandWithoutAnotherModuleLeavesTheChannelOpen() throws Exception {
        try (Channel channel = hsm().open(MAINS_OWN)) {
            faults().on(MAIN).times(1).loseCommand();
            ModuleUnavailableException e = assertThrows(ModuleUnavailableException.class, () -> channel.exchange(GET_CHALLENGE_4));
            assertEquals(MAIN, e.module());
            assertTrue(e.getMessage(), e.getMessage().contains("the command was lost on its way to the SAM (injected fault)"));
            assertTrue(channel.isOpen());
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
        }
    }

    @Test
    public void aLostAnswerInASessionLosesTheSessionAndTheCardKeepsWhatItHad() throws Exception {
        Card card = card();
        byte[] contents = card.contents();
        long before = lost(MAIN);
        Channel channel = hsm().open(MAINS_OWN);
        Terminal terminal = new Terminal(card, channel);
        Fault lost = faults().on(MAIN).when(ins(DIGEST_CLOSE)).times(1).loseAnswer();
        ChannelLostException e = assertThrows(ChannelLostException.class, () -> sell(terminal));
        assertEquals(1, lost.hits());
        assertTrue(e.getMessage(), e.getMessage().contains("the answer was lost on its way from the SAM"));
        assertTrue(e.getMessage(), e.getMessage().contains("repeat it on a new channel"));
        assertFalse(channel.isOpen());
        assertEquals("reported", before + 1, lost(MAIN));
        card.reset();
        assertArrayEquals("nothing was taken", contents, card.contents());
        sellsAgain(card);
    }

    // ---- a mute module

    @Test
    public void aMuteModuleAnswersWhenItIsToldTo() throws Exception {
        Fault mute = faults().on(MAIN).when(ins(GET_CHALLENGE)).mute();
        try (Channel channel = hsm().open(MAINS_OWN)) {
            CompletableFuture<byte[]> answer = channel.exchangeAsync(GET_CHALLENGE_4).toCompletableFuture();
            mute.awaitHits(1);
            assertThrows(TimeoutException.class, () -> answer.get(50, TimeUnit.MILLISECONDS));
            byte[] unknown = {(byte) 0x80, 0, 0, 0};
            try (Channel other = hsm().open(MAINS_OWN)) {
                assertEquals("other channels are not held up", 2, other.exchange(unknown).length);
            }
            mute.end();
            assertChallenge(answer.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    public void aFailedModuleLosesItsSessionsAndItsIdleChannelsMove() throws Exception {
        try (Channel inSession = hsm().open(MAINS_OWN)) {
            Terminal terminal = new Terminal(card(), inSession);
            terminal.open(CardCommands.DEBIT);
            Fault failed = faults().on(MAIN).state(ModuleState.FAILED, "Its fan stands still.");
            assertTrue(hsm().awaitModule(MAIN, ModuleState.FAILED).sentence().contains("fan"));
            ChannelLostException e = assertThrows(ChannelLostException.class, terminal::close);
            assertTrue(e.getMessage(), e.getMessage().contains("fan"));
            try (Channel elsewhere = hsm().open(SHARED)) {
                assertEquals(SPARE, elsewhere.module());
                assertChallenge(elsewhere.exchange(GET_CHALLENGE_4));
            }
            failed.end();
            hsm().awaitModule(MAIN);
        }
    }

    @Test
    public void aModuleAtItsEndOfLifeOpensNothingAndSaysWhy() throws Exception {
        faults().on(MAIN).state(ModuleState.END_OF_LIFE, "It has done 16777216 operations.");
        hsm().awaitModule(MAIN, ModuleState.END_OF_LIFE);
        NoChannelFreeException e = assertThrows(NoChannelFreeException.class,
                () -> hsm().channels().open(ChannelRequest.forKeyGroup(MAINS_OWN).withDeadline(ofMillis(1))));
        assertTrue(e.getMessage(), e.getMessage().contains("END_OF_LIFE"));
    }

    // ---- rubbish

    @Test
    public void anAnswerWithoutAStatusWordIsAFailureOfTheModule() throws Exception {
        for (byte[] rubbish : new byte[][] {null, {}, {0x42}}) {
            try (Channel channel = hsm().open(MAINS_OWN)) {
                Fault fault = faults().on(MAIN).times(1).answer(rubbish);
                ModuleUnavailableException e = assertThrows(ModuleUnavailableException.class, () -> channel.exchange(GET_CHALLENGE_4));
                assertTrue(e.getMessage(), e.getMessage().contains("without a status word"));
                assertChallenge(channel.exchange(GET_CHALLENGE_4));
                fault.end();
            }
        }
    }

    @Test
    public void aSpoiledCertificateIsRefusedByTheCardAndTakesNothing() throws Exception {
        Card card = card();
        byte[] contents = card.contents();
        try (Channel channel = hsm().open(MAINS_OWN)) {
            Terminal terminal = new Terminal(card, channel);
            faults().on(MAIN).when(ins(DIGEST_CLOSE)).spoilAnswer(1);
            AssertionError e = assertThrows(AssertionError.class, () -> sell(terminal));
            assertTrue(e.getMessage(), e.getMessage().contains("The card answered instruction 8E with 6988"));
        }
        card.reset();
        assertArrayEquals("the card has closed nothing", contents, card.contents());
        faults().clear();
        sellsAgain(card);
    }

    @Test
    public void whatAProviderThrowsReachesTheClientAsATypedException() throws Exception {
        try (Channel channel = hsm().open(MAINS_OWN)) {
            faults().on(MAIN).times(1).raise(new IllegalStateException("a mistake"));
            ModuleUnavailableException e = assertThrows(ModuleUnavailableException.class, () -> channel.exchange(GET_CHALLENGE_4));
            assertTrue(e.getMessage(), e.getMessage().contains("a mistake"));
            faults().on(MAIN).times(1).raise(new NoClassDefFoundError("org/example/Gone"));
            e = assertThrows(ModuleUnavailableException.class, () -> channel.exchange(GET_CHALLENGE_4));
            assertTrue(e.getMessage(), e.getMessage().contains("org/example/Gone"));
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
        }
    }

    // ---- a module that goes, and one that is full

    @Test
    public void aModuleVanishesAndComesBack() throws Exception {
        try (Channel channel = hsm().open(SHARED)) {
            byte[] atr = channel.atr();
            String before = channel.module();
            Fault gone = faults().on(before).vanish();
            assertTrue(hsm().services(SecurityModule.class.getName(), "(" + SecurityModule.NAME + "=" + before + ")").isEmpty());
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
            assertNotEquals(before, channel.module());
            assertArrayEquals("the client cannot tell", atr, channel.atr());
            gone.end();
            hsm().awaitModule(before);
        }
    }

    @Test
    public void aFullModuleOpensNoMore() throws Exception {
        faults().on(MAIN).limit(1);
        try (Channel first = hsm().open(MAINS_OWN)) {
            assertChallenge(first.exchange(GET_CHALLENGE_4));
            assertThrows(NoChannelFreeException.class,
                    () -> hsm().channels().open(ChannelRequest.forKeyGroup(MAINS_OWN).withDeadline(ofMillis(1))));
        }
        try (Channel next = hsm().channels().open(ChannelRequest.forKeyGroup(MAINS_OWN).withDeadline(ofSeconds(10)))) {
            assertChallenge(next.exchange(GET_CHALLENGE_4));
        }
    }

    // ---- ceilings

    @Test
    public void aKeyAtItsCeilingIsBlockedAndTheSaleTakesNothing() throws Exception {
        Card card = card();
        CardCommands commands = CardCommands.of(card.product());
        Fault ceiling = faults().onKey(MAINS_OWN, commands.kif(CardCommands.DEBIT), commands.kvc()).usesLeft(1);
        sellsAgain(card);
        byte[] contents = card.contents();
        try (Channel channel = hsm().open(MAINS_OWN)) {
            Terminal terminal = new Terminal(card, channel);
            AssertionError e = assertThrows(AssertionError.class, () -> sell(terminal));
            assertTrue(e.getMessage(), e.getMessage().contains("The SAM answered instruction 8A with 6900"));
        }
        card.reset();
        assertArrayEquals(contents, card.contents());
        ceiling.end();
        sellsAgain(card);
    }

    // ---- tearing

    @Test
    public void aCardTornInASessionKeepsWhatItHad() throws Exception {
        for (int writes = 0; writes < 2; writes++) {
            Card card = card();
            byte[] contents = card.contents();
            CardField field = new CardField(card);
            try (Channel channel = hsm().open(MAINS_OWN)) {
                Terminal terminal = new Terminal(field, channel);
                field.when(cardWrite()).after(writes).tear();
                assertThrows(CardRemovedException.class, () -> sell(terminal));
                assertArrayEquals("torn after " + writes + " writes", contents, card.contents());
                field.insert();
                sell(new Terminal(field, channel));
                assertArrayEquals("the same channel serves the next session", EVENT, event(card));
            }
        }
    }

    @Test
    public void aCardTornBeforeItsAnswerToCloseHasClosedButIsNotRatified() throws Exception {
        Card card = card();
        CardField field = new CardField(card);
        try (Channel channel = hsm().open(MAINS_OWN)) {
            Terminal terminal = new Terminal(field, channel);
            field.when(ins(0x8E)).tearBeforeAnswer();
            assertThrows(CardRemovedException.class, () -> sell(terminal));
        }
        assertEquals("taken, though the terminal does not know", 19, card.counter(1));
        field.insert();
        assertFalse(card.isSessionOpen());
    }

    @Test
    public void aChannelThatIsLostTellsItsClient() throws Exception {
        Card card = card();
        byte[] contents = card.contents();
        Channel channel = hsm().open(MAINS_OWN);
        Terminal terminal = new Terminal(card, channel);
        faults().on(MAIN).when(ins(DIGEST_INIT)).times(1).loseChannel();
        assertThrows(ChannelLostException.class, () -> sell(terminal));
        assertThrows(ChannelLostException.class, () -> channel.exchange(GET_CHALLENGE_4));
        card.reset();
        assertArrayEquals(contents, card.contents());
        sellsAgain(card);
    }

    // ---- the kit itself

    @Test
    public void aFaultForNobodyIsAMistake() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> faults().on("nobody"));
        assertEquals("There is no module nobody to inject a fault into, only [main, spare].", e.getMessage());
    }

    @Test
    public void faultsEndWithTheirTest() throws Exception {
        faults().on(MAIN).loseCommand();
        faults().on(MAIN).state(ModuleState.FAILED, "A test.");
        faults().on(SPARE).vanish();
        faults().clear();
        awaitPlatform();
        try (Channel channel = hsm().open(MAINS_OWN)) {
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
        }
    }
}
