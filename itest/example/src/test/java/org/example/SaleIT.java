package org.example;

import static org.calypsohsm.itest.kit.fault.Commands.ins;
import static org.junit.Assert.assertEquals;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.itest.kit.Terminal;
import org.calypsohsm.itest.kit.fault.Fault;
import org.junit.Test;

/** A vending server sells a ticket of ten rides, and the security module loses an answer in the middle of it. */
public class SaleIT extends HsmTest {

    private static final int DIGEST_CLOSE = 0x8E;

    @Test
    public void aLostAnswerCostsNobodyATicket() throws Exception {
        Card card = Card.builder(CardProduct.CD21).keyGroup(1).build();
        Fault fault = faults().on("main").when(ins(DIGEST_CLOSE)).times(1).loseAnswer();

        int attempts = sell(card);

        assertEquals("the first attempt was lost", 2, attempts);
        assertEquals(1, fault.hits());
        assertEquals("ten rides, not twenty", 10, card.counter(1));
    }

    /** What is tested; in your project this is your own bundle: HsmOptions.distribution().with(jar). */
    private int sell(Card card) throws Exception {
        for (int attempt = 1;; attempt++) {
            try (Channel channel = hsm().open(1)) {
                Terminal terminal = new Terminal(card, channel);
                terminal.session(CardCommands.LOAD, terminal.commands().increase(CardCommands.SFI_COUNTERS, 1, 10));
                return attempt;
            } catch (ChannelLostException e) {
                // The card drops its session when it leaves the field; the sale begins again on a new channel.
                card.reset();
            }
        }
    }
}
