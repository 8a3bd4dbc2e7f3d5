package org.calypsohsm.itest.kit.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.junit.jupiter.api.Test;

class CardFieldTest {

    private final Card card = Card.builder(CardProduct.TANGO).build();
    private final CardCommands commands = CardCommands.of(card.product());
    private final CardField field = new CardField(card);

    private byte[] open() throws Exception {
        return field.transmit(commands.openSession(CardCommands.DEBIT, 0, 0, new byte[commands.certificateLength()]));
    }

    @Test
    void aTornCardAnswersNothingUntilItIsInTheFieldAgain() throws Exception {
        byte[] before = card.contents();
        field.transmit(commands.selectApplication());
        open();
        field.when(Commands.cardWrite()).after(1).tear();
        byte[] append = commands.appendRecord(CardCommands.SFI_EVENTS, new byte[] {1});
        assertThat(StatusWord.of(field.transmit(append))).isEqualTo(StatusWord.OK);
        assertThatThrownBy(() -> field.transmit(append)).isInstanceOf(CardRemovedException.class)
                .hasMessageContaining("has left the field");
        assertThatThrownBy(() -> field.transmit(commands.selectApplication())).isInstanceOf(CardRemovedException.class);
        assertThat(card.isSessionOpen()).isFalse();
        assertThat(card.contents()).containsExactly(before);
        field.insert();
        assertThat(StatusWord.of(field.transmit(commands.selectApplication()))).isEqualTo(StatusWord.OK);
        open();
        assertThat(card.isSessionOpen()).as("the tearing is over").isTrue();
    }

    @Test
    void aCardIsTornBeforeOrAfterItDoesTheCommand() throws Exception {
        int sessions = card.transactionCounter();
        field.transmit(commands.selectApplication());
        field.when(Commands.ins(0x8A)).tear();
        assertThatThrownBy(this::open).isInstanceOf(CardRemovedException.class);
        assertThat(card.transactionCounter()).as("it never saw the command").isEqualTo(sessions);
        field.insert();
        field.transmit(commands.selectApplication());
        field.after(0).tearBeforeAnswer();
        assertThatThrownBy(this::open).isInstanceOf(CardRemovedException.class);
        assertThat(card.transactionCounter()).as("it opened a session").isEqualTo(sessions - 1);
    }
}
