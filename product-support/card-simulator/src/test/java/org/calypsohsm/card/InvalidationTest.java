package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Invalidate and Rehabilitate: calypso-card.md sections b, d and f. */
class InvalidationTest {

    private static final String SELECT = "00 A4 04 00 08 315449432E494341 00";
    private static final String INVALIDATE = "04 00 00 00";
    private static final String REHABILITATE = "44 00 00 00";
    private static final String UPDATE = "DC 01 44 01 AA";

    private static Terminal terminal(CardProduct product, boolean invalidated) {
        return Terminal.of(Card.builder(product).invalidated(invalidated).build());
    }

    private static String status(Terminal terminal) {
        return terminal.send(SELECT).substring(2 * 36);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void anyKeyInvalidatesAndTheIssuerKeyRehabilitates(CardProduct product) {
        for (int kif : new int[] {0x21, 0x27, 0x30}) {
            Terminal terminal = terminal(product, false);
            assertThat(status(terminal)).isEqualTo("9000");
            assertThat(terminal.send(terminal.apdu(INVALIDATE))).as("no session").isEqualTo("6982");
            terminal.openUsual(kif);
            assertThat(terminal.exchange(terminal.apdu(REHABILITATE))).as("it is not invalidated")
                    .isEqualTo(kif == 0x21 ? "6985" : "6982");
            assertThat(terminal.exchange(terminal.apdu(UPDATE))).isEqualTo("9000");
            assertThat(terminal.exchange(terminal.apdu(INVALIDATE))).isEqualTo("9000");
            assertThat(terminal.exchange(terminal.apdu(UPDATE))).as("at once").isEqualTo("6985");
            assertThat(terminal.exchange(terminal.apdu(INVALIDATE))).as("it is already").isEqualTo("6985");
            assertThat(terminal.card.isInvalidated()).as("provisional").isFalse();
            terminal.closeAndVerify(0x80);
            assertThat(terminal.card.isInvalidated()).isTrue();
            assertThat(terminal.card.record(0x08, 1)[0]).isEqualTo((byte) 0xAA);
            assertThat(status(terminal)).isEqualTo("6283");
            assertThat(terminal.send(terminal.apdu("CA 00 62 00")).substring(4 + 26, 4 + 28)).as("DF status").isEqualTo("01");

            assertThat(terminal.send(terminal.apdu(REHABILITATE))).as("no session").isEqualTo("6982");
            terminal.openUsual(kif);
            assertThat(terminal.exchange(terminal.apdu(UPDATE))).isEqualTo("6985");
            assertThat(terminal.exchange(terminal.apdu(REHABILITATE))).isEqualTo(kif == 0x21 ? "9000" : "6982");
            assertThat(terminal.exchange(terminal.apdu(UPDATE))).isEqualTo(kif == 0x21 ? "9000" : "6985");
            terminal.closeAndVerify(0x80);
            assertThat(status(terminal)).isEqualTo(kif == 0x21 ? "9000" : "6283");
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void belongsToTheSession(CardProduct product) {
        for (boolean before : new boolean[] {false, true}) {
            Terminal terminal = terminal(product, before);
            terminal.openUsual(0x21);
            assertThat(terminal.exchange(terminal.apdu(before ? REHABILITATE : INVALIDATE))).isEqualTo("9000");
            terminal.card.reset();
            assertThat(status(terminal)).isEqualTo(before ? "6283" : "9000");
            terminal.openUsual(0x21);
            assertThat(terminal.exchange(terminal.apdu(before ? REHABILITATE : INVALIDATE))).isEqualTo("9000");
            assertThat(terminal.close(0x80, product == CardProduct.TANGO_AES ? "00".repeat(8) : "00".repeat(4))).isEqualTo("6988");
            assertThat(terminal.card.isInvalidated()).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void countsToTheLimitOfTheSession(CardProduct product) {
        Terminal terminal = terminal(product, false);
        // One command each; 6 bytes of 430 on revision 3, which 71 times leave 4.
        int pairs = product == CardProduct.CD97 ? 3 : product == CardProduct.CD21 ? 5 : product == CardProduct.TANGO ? 1 : 35;
        terminal.openUsual(0x21);
        for (int i = 0; i < pairs; i++) {
            assertThat(terminal.exchange(terminal.apdu(INVALIDATE))).isEqualTo("9000");
            assertThat(terminal.exchange(terminal.apdu(REHABILITATE))).isEqualTo("9000");
        }
        boolean odd = product == CardProduct.TANGO || product == CardProduct.TANGO_AES;
        assertThat(terminal.exchange(terminal.apdu(INVALIDATE))).isEqualTo(odd ? "9000" : "6400");
        assertThat(terminal.exchange(terminal.apdu(odd ? REHABILITATE : INVALIDATE))).isEqualTo("6400");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.isInvalidated()).isEqualTo(odd);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void isForOneDfAndStopsItsStoredValue(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).balance(10).build());
        Purse purse = new Purse(terminal);
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu(INVALIDATE));
        purse.get(false, true);
        assertThat(terminal.exchange(purse.debit(1).apdu())).as("the other DF is valid").isEqualTo("6200");
        terminal.closeAndVerify(0x80);
        terminal.send("00 A4 04 00 08 304554502E494341 00");
        terminal.open(product == CardProduct.TANGO_AES ? "00 8A 03 02 09 00A1A2A3A4A5A6A7A8 00" : "94 8A 83 00 04 A1A2A3A4",
                0x10);
        assertThat(terminal.exchange(terminal.apdu(INVALIDATE))).isEqualTo("9000");
        purse.get(false, true);
        assertThat(terminal.exchange(purse.debit(1).apdu())).as("at once").isEqualTo("6985");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.send("00 A4 04 00 08 304554502E494341 00")).endsWith("6283");
        for (StoredValueTest.Kind kind : StoredValueTest.Kind.values()) {
            assertThat(purse.get(kind == StoredValueTest.Kind.RELOAD, false).balance()).as("reading goes on").isEqualTo(9);
            assertThat(terminal.send(kind.prepare(purse, 1).apdu())).isEqualTo("6985");
        }
        assertThat(terminal.card.balance()).isEqualTo(9);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesWrongShapes(CardProduct product) {
        Terminal terminal = terminal(product, false);
        terminal.openUsual(0x21);
        for (String ins : new String[] {"04", "44"}) {
            assertThat(terminal.exchange(terminal.apdu(ins + "00 01 00"))).isEqualTo("6B00");
            assertThat(terminal.exchange(terminal.apdu(ins + "00 00 01 00"))).isEqualTo("6700");
        }
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.isInvalidated()).isFalse();
    }
}
