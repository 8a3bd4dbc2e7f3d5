package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.virtualreader.daemon.CardProcess;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What goes wrong with cards in readers, as the clients of the channel manager see it; everything but the cards is real. */
class CardFaultsIT {

    private static final byte[] GET_CHALLENGE = CommandApdu.expecting(0x80, 0x84, 0, 8);
    /** Into the session: Select Diversifier, Get Challenge, Digest Init. */
    private static final int OPENED = 3;

    private static final Cards CARDS = new Cards();
    private static PcscDaemon daemon;
    private static Container container;

    private final List<CardProcess> others = new ArrayList<>();
    private final List<Channel> channels = new ArrayList<>();

    @BeforeAll
    static void startContainer() throws Exception {
        daemon = Cards.startDaemon();
        container = new Container();
    }

    @AfterAll
    static void stopContainer() throws Exception {
        container.close();
        CARDS.close();
        daemon.close();
    }

    @AfterEach
    void stop() throws Exception {
        channels.forEach(Channel::close);
        for (String name : container.manager().modules().stream().map(report -> report.name()).toList()) {
            container.remove(name);
        }
        for (CardProcess other : others) {
            // Not killed: pcscd would reset the card for it, at the moment when the card is taken out.
            other.end();
        }
        CARDS.removeAll();
    }

    private Channel open() throws ChannelException, InterruptedException {
        Channel channel = container.manager().open(ChannelRequest.forKeyGroup(0));
        channels.add(channel);
        return channel;
    }

    private static Sale sale(int number) {
        return new Sale(Card.builder(CardProduct.CD21).keyGroup(0).serialNumber(number).build(), CardCommands.of(CardProduct.CD21), number);
    }

    private Sale inSession(Channel channel, int number) throws Exception {
        Sale sale = sale(number);
        for (int i = 0; i < OPENED; i++) {
            sale.exchange(channel::exchange);
        }
        return sale;
    }

    private static void finish(Sale sale, Channel channel) throws Exception {
        boolean complete = false;
        while (!complete) {
            complete = sale.exchange(channel::exchange);
        }
    }

    private static void sells(Channel channel) throws Exception {
        finish(sale(99), channel);
    }

    private static ChannelLostException lost(Channel channel, Sale sale) {
        return catchThrowableOfType(ChannelLostException.class, () -> finish(sale, channel));
    }

    private CardProcess other(String what) throws IOException {
        CardProcess other = CardProcess.of(OtherProgram.class, Cards.FIRST_READER, what);
        others.add(other);
        return other;
    }

    @Test
    void aCardIsNoticedWhenItComesAndGoes() throws Exception {
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OFFLINE", "There is no card in reader Virtual PCD 00 00, Virtual PCD 00 01; insert the SAM-S20 with serial"
                + " number 53200001.");
        CardProcess card = CARDS.first();
        container.await("a", "OPERATIONAL", "Virtual PCD 00 00 has passed its self test with the key groups [0].");
        Channel channel = open();
        byte[] challenge = channel.exchange(GET_CHALLENGE);
        assertThat(challenge).hasSize(10);
        card.remove();
        container.await("a", "OFFLINE", "There is no card in reader Virtual PCD 00 00");
        assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> channel.exchange(GET_CHALLENGE));
        card.insert();
        container.await("a", "OPERATIONAL", "has passed its self test");
        sells(channel);
    }

    @Test
    void aReaderThatIsNotThereIsNamed() throws Exception {
        container.configure("a", Cards.FIRST_SERIAL, Map.of("reader", "Reader of another machine"));
        container.await("a", "OFFLINE", "There is no reader Reader of another machine; PC/SC has [Virtual PCD 00 00, Virtual PCD 00 01].");
    }

    @Test
    void aCardThatIsPulledInAnExchangeCostsThatSessionAndNoIdleChannel() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        idle.exchange(CommandApdu.sending(0x80, 0x14, 0, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
        Sale sale = inSession(busy, 1);
        CARDS.second();
        container.configure("b", Cards.SECOND_SERIAL, Map.of());
        container.await("b", "OPERATIONAL", "");
        card.command("pull", "done");
        assertThat(lost(busy, sale).getMessage()).contains("module a", "the card in reader Virtual PCD 00 00 broke off (",
                "The session in progress is lost");
        await().atMost(Cards.PATIENCE).until(idle::module, "b"::equals);
        assertThat(StatusWord.of(idle.exchange(GET_CHALLENGE))).isEqualTo(StatusWord.OK);
        container.await("a", "OFFLINE", "There is no card in reader Virtual PCD 00 00; insert the SAM-S20 with serial number 53200001.");
        assertThat(container.report("a").lost()).isEqualTo(1);
        assertThat(container.report("b").movedIn()).isEqualTo(1);
    }

    @Test
    void anExchangeWithoutSessionThatIsCutOffIsDoneByAnotherCard() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel channel = open();
        CARDS.second();
        container.configure("b", Cards.SECOND_SERIAL, Map.of());
        container.await("b", "OPERATIONAL", "");
        card.command("pull", "done");
        sells(channel);
        assertThat(channel.module()).isEqualTo("b");
    }

    @Test
    void aResetByAnotherProgramCostsSessionsOnly() throws Exception {
        CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of("exclusive", false));
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        Sale sold = sale(2);
        sold.exchange(idle::exchange);
        sold.exchange(idle::exchange);
        Sale sale = inSession(busy, 1);
        other("reset").command("", "done");
        assertThat(lost(busy, sale).getMessage()).contains("module a", "cannot go on with the session, since its card was reset");
        // Diversifier and challenge are still there.
        finish(sold, idle);
        container.await("a", "OPERATIONAL", "");
    }

    @Test
    void anotherProgramCannotReachTheCardInExclusiveUse() throws Exception {
        CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel channel = open();
        Sale sale = inSession(channel, 1);
        Thread waiting = new Thread(() -> {
            try {
                other("hold");
            } catch (IOException e) {
                // It ends with the test.
            }
        });
        waiting.start();
        finish(sale, channel);
        for (int i = 0; i < 20; i++) {
            sells(channel);
        }
        assertThat(waiting.isAlive()).isTrue();
        container.remove("a");
        waiting.join();
    }

    @Test
    void aCardThatAnotherProgramHasIsToldAndComesBack() throws Exception {
        CARDS.first();
        CardProcess other = other("hold");
        container.configure("a", Cards.FIRST_SERIAL, Map.of("answerMillis", 500L));
        container.await("a", "OFFLINE", "another program has the card to itself");
        others.remove(other);
        other.close();
        container.await("a", "OPERATIONAL", "");
        sells(open());
    }

    @Test
    void anAnswerWithoutDiagnosisCostsItsChannelOnly() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel first = open();
        Channel second = open();
        Sale lost = inSession(first, 1);
        Sale goesOn = inSession(second, 2);
        card.command("answer 6F00 1", "done");
        assertThat(lost(first, lost).getMessage()).contains("module a", "failed in a command without saying why (6F00)");
        finish(goesOn, second);
        sells(open());
    }

    @Test
    void garbageIsNoAnswer() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        for (String garbage : List.of("42", "1234", "6000", "AB".repeat(300))) {
            container.await("a", "OPERATIONAL", "");
            Channel channel = open();
            Sale sale = inSession(channel, 1);
            card.command("answer " + garbage + " 1", "done");
            assertThat(lost(channel, sale).getMessage()).as(garbage).contains("module a", "broke off (", "The session in progress is lost");
        }
        container.await("a", "OPERATIONAL", "");
        sells(open());
    }

    @Test
    void aCardThatGivesNothingButGarbageFails() throws Exception {
        CardProcess card = CARDS.first();
        card.command("answer 1234 1000000", "done");
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "FAILED", "has not passed its self test: an answer that ends with 1234 has no status word.");
        card.command("answer 1234 0", "done");
        container.await("a", "OPERATIONAL", "");
    }

    @Test
    void aMuteCardHoldsNobodyUp() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of("answerMillis", 700L));
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        Sale sale = inSession(busy, 1);
        card.command("mute", "done");
        assertThat(lost(busy, sale).getMessage()).contains("module a", "has not answered for 700 ms; take it out");
        container.await("a", "FAILED", "The card in reader Virtual PCD 00 00 has not answered for 700 ms; take it out");
        assertThatThrownBy(() -> idle.exchange(GET_CHALLENGE)).isInstanceOf(ModuleUnavailableException.class);
        card.command("speak", "done");
        card.remove();
        card.insert();
        container.await("a", "OPERATIONAL", "");
        sells(idle);
    }

    @Test
    void aMuteCardDoesNotHoldUpAnother() throws Exception {
        CardProcess mute = CARDS.first();
        CARDS.second();
        container.configure("a", Cards.FIRST_SERIAL, Map.of("answerMillis", 1000L));
        container.configure("b", Cards.SECOND_SERIAL, Map.of("answerMillis", 1000L));
        container.await("a", "OPERATIONAL", "");
        container.await("b", "OPERATIONAL", "");
        mute.command("mute", "done");
        container.await("a", "FAILED", "has not answered for 1000 ms");
        Channel channel = open();
        assertThat(channel.module()).isEqualTo("b");
        for (int i = 0; i < 20; i++) {
            sells(channel);
        }
        assertThat(container.report("b").state()).isEqualTo("OPERATIONAL");
        assertThat(container.report("a").state()).isEqualTo("FAILED");
    }

    @Test
    void theWrongCardIsNamed() throws Exception {
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        CardProcess wrong = CARDS.first();
        wrong.command("atr 3B3F9600805A0080C10801005320AAAA829000", "done");
        wrong.remove();
        wrong.insert();
        container.await("a", "FAILED", "Reader Virtual PCD 00 00 holds the SAM with serial number 5320AAAA, version 1, instead of 53200001,"
                + " version 1");
        wrong.command("atr 3B80800101", "done");
        wrong.remove();
        container.await("a", "OFFLINE", "There is no card");
        wrong.insert();
        container.await("a", "FAILED", "holds a card that is no SAM, its answer to reset is 3B80800101");
        wrong.remove();
        CARDS.first();
        container.await("a", "OPERATIONAL", "");
    }

    @Test
    void aCardAtTheEndOfItsLifeHandsItsChannelsOver() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        Sale sale = inSession(busy, 1);
        CARDS.second();
        container.configure("b", Cards.SECOND_SERIAL, Map.of());
        container.await("b", "OPERATIONAL", "");
        card.command("lifetime 20", "done");
        assertThat(lost(busy, inSessionAgain(sale, busy)).getMessage()).contains("module a", "has used up its 20 operations; replace it");
        container.await("a", "END_OF_LIFE", "The card in reader Virtual PCD 00 00 has used up its 20 operations; replace it.");
        await().atMost(Cards.PATIENCE).until(idle::module, "b"::equals);
        sells(idle);
    }

    /** Uses the card up until 20 operations are close, and stays in a session. */
    private static Sale inSessionAgain(Sale begun, Channel channel) throws Exception {
        finish(begun, channel);
        return sale(2);
    }

    @Test
    void aCardThatWearsOutIsTold() throws Exception {
        CARDS.first().command("lifetime 16", "done");
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "has passed its self test");
        sells(open());
        container.await("a", "OPERATIONAL", "has used up 90 % of its 16 operations; have another card ready.");
    }

    @Test
    void aLockedCardIsTold() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        Sale sale = inSession(busy, 1);
        card.command("lock", "done");
        assertThat(lost(busy, sale).getMessage()).contains("module a", "is locked; present its startup card");
        container.await("a", "LOCKED", "The card in reader Virtual PCD 00 00 is locked; present its startup card to it.");
        card.command("unlock", "done");
        container.await("a", "OPERATIONAL", "");
        sells(idle);
        card.command("fail", "done");
        container.await("a", "FAILED", "says that it has failed; replace it.");
    }

    @Test
    void pcscdThatIsKilledAndStartedAgainIsSurvived() throws Exception {
        CardProcess card = CARDS.first();
        container.configure("a", Cards.FIRST_SERIAL, Map.of());
        container.await("a", "OPERATIONAL", "");
        Channel busy = open();
        Channel idle = open();
        Sale sale = inSession(busy, 1);
        daemon.stop();
        assertThat(lost(busy, sale).getMessage()).contains("module a");
        container.await("a", "OFFLINE", "start pcscd");
        daemon.startAgain();
        await().atMost(Cards.PATIENCE).ignoreExceptions().until(() -> {
            card.insert();
            return true;
        });
        container.await("a", "OPERATIONAL", "");
        sells(idle);
    }
}
