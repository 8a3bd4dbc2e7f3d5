package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Locale;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.profile.ReferenceKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Change Key: calypso-card.md sections d and e, "Key loading". */
class ChangeKeyTest {

    private static final byte[] NULL = new byte[16];

    private static ReferenceKey nullKey(Terminal terminal) {
        return terminal.profile().undiversified(KeyValue.copyOf(NULL));
    }

    /** A source key of the SAM, diversified for the card. */
    private static ReferenceKey source(Terminal terminal, int seed) {
        byte[] value = new byte[16];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) (seed * 31 + i * 7);
        }
        return terminal.profile().diversify(KeyValue.copyOf(value), terminal.card.serialNumber());
    }

    private static String apdu(Terminal terminal, int index, ReferenceKey under, ReferenceKey key, int kif, int kvc) {
        return terminal.apdu(String.format(Locale.ROOT, "D8 00 %02X 20", index)
                + hex(under.cipherCardKey(terminal.challenge(), key, kif, kvc)));
    }

    private static String load(Terminal terminal, int index, ReferenceKey under, ReferenceKey key, int kif, int kvc) {
        return terminal.send(apdu(terminal, index, under, key, kif, kvc));
    }

    /** Runs a session with a key that is none of the test keys; checks KIF and KVC where Open tells them. */
    private static void runSession(Terminal terminal, int index, ReferenceKey key, int kif, int kvc) {
        boolean aes = terminal.card.product() == CardProduct.TANGO_AES;
        String open = aes ? String.format("00 8A %02X 02 09 00%s 00", index, Terminal.SAM_CHALLENGE_EXTENDED)
                : String.format("94 8A %02X 00 04 %s", 0x80 + index, Terminal.SAM_CHALLENGE);
        String response = terminal.send(open);
        assertThat(response).endsWith("9000");
        assertThat(aes ? response.substring(18, 22) : response.substring(0, 2))
                .isEqualTo(aes ? String.format("%02X%02X", kif, kvc) : String.format("%02X", kvc));
        terminal.start(open, key, response.substring(0, response.length() - 4));
        terminal.exchange(terminal.apdu("DC 01 44 01 42"));
        terminal.closeAndVerify(0x80);
    }

    private static String open(Terminal terminal, int index) {
        return terminal.send(terminal.card.product() == CardProduct.TANGO_AES
                ? String.format("00 8A %02X 01 04 01020304 00", index) : String.format("94 8A %02X 00 04 01020304", 0x80 + index));
    }

    private static String fcpKeys(Terminal terminal) {
        terminal.send(terminal.apdu("A4 09 00 02 0000 00"));
        String fcp = terminal.send(terminal.apdu("CA 00 62 00"));
        return fcp.substring(4 + 28, 4 + 40);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void personalizesAVirginCardAndReturnsItToNull(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).serialNumber(99).virgin(true).build());
        ReferenceKey none = nullKey(terminal);
        ReferenceKey[] keys = {null, source(terminal, 1), source(terminal, 2), source(terminal, 3)};
        int[] kifs = {0, 0x21, 0x27, 0x30};
        assertThat(fcpKeys(terminal)).isEqualTo("000000" + "000000");
        for (int index = 1; index <= 3; index++) {
            assertThat(open(terminal, index)).as("no session with a null key").isEqualTo("6A81");
        }
        assertThat(load(terminal, 2, none, keys[2], 0x27, 0x79)).as("first key 1").isEqualTo("6985");
        assertThat(load(terminal, 1, keys[1], keys[1], 0x21, 0x79)).as("not under the null key").isEqualTo("6988");
        assertThat(load(terminal, 1, none, keys[1], 0x21, 0x79)).isEqualTo("9000");
        assertThat(fcpKeys(terminal)).isEqualTo("790000" + "210000");
        runSession(terminal, 1, keys[1], 0x21, 0x79);
        assertThat(load(terminal, 2, none, keys[2], 0x27, 0x7A)).as("no longer under the null key").isEqualTo("6988");
        for (int index = 2; index <= 3; index++) {
            assertThat(open(terminal, index)).isEqualTo("6A81");
            assertThat(load(terminal, index, keys[1], keys[index], kifs[index], 0x78 + index)).isEqualTo("9000");
            runSession(terminal, index, keys[index], kifs[index], 0x78 + index);
        }
        assertThat(fcpKeys(terminal)).isEqualTo("797A7B" + "212730");
        terminal.card.reset();
        runSession(terminal, 3, keys[3], 0x30, 0x7B);

        assertThat(load(terminal, 1, keys[1], none, 0, 0)).as("key 1 is the last to go").isEqualTo("6985");
        runSession(terminal, 1, keys[1], 0x21, 0x79);
        for (int index = 3; index >= 1; index--) {
            assertThat(load(terminal, index, keys[1], none, 0, 0)).isEqualTo("9000");
            assertThat(open(terminal, index)).isEqualTo("6A81");
        }
        assertThat(fcpKeys(terminal)).isEqualTo("000000" + "000000");
        assertThat(load(terminal, 1, none, keys[2], 0x21, 0x01)).as("virgin again").isEqualTo("9000");
        runSession(terminal, 1, keys[2], 0x21, 0x01);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void replacesKeysOfAPersonalizedCard(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).build());
        ReferenceKey issuer = terminal.key(0x21);
        ReferenceKey newDebit = source(terminal, 9);
        String change = apdu(terminal, 3, issuer, newDebit, 0x30, 0x33);
        assertThat(terminal.send(change)).isEqualTo("9000");
        runSession(terminal, 3, newDebit, 0x30, 0x33);
        assertThat(terminal.send(change)).as("replay").isEqualTo("6982");
        terminal.challenge();
        assertThat(terminal.send(change)).as("replay under another challenge").isEqualTo("6988");
        terminal.openUsual(0x30);
        assertThat(terminal.close(0x80)).as("the old key").isEqualTo("6988");
        terminal.openUsual(0x27);
        terminal.closeAndVerify(0x80);

        // The PIN goes with the debit key of the day.
        byte[] challenge = terminal.challenge();
        assertThat(terminal.send(terminal.apdu("20 00 00 08" + hex(newDebit.cipherPin(challenge, bytes("30303030"))))))
                .isEqualTo("9000");

        ReferenceKey newIssuer = source(terminal, 10);
        assertThat(load(terminal, 1, newDebit, newIssuer, 0x21, 0x44)).as("only under key 1").isEqualTo("6988");
        assertThat(load(terminal, 1, issuer, newIssuer, 0x21, 0x44)).isEqualTo("9000");
        assertThat(load(terminal, 2, issuer, newDebit, 0x27, 0x45)).as("under the old key 1").isEqualTo("6988");
        assertThat(load(terminal, 2, newIssuer, newDebit, 0x27, 0x45)).isEqualTo("9000");
        runSession(terminal, 1, newIssuer, 0x21, 0x44);
        runSession(terminal, 2, newDebit, 0x27, 0x45);
        terminal.send(terminal.apdu("A4 08 00 02 3F00 00"));
        assertThat(fcpKeys(terminal)).as("the MF has the same keys").isEqualTo("444533" + "212730");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void takesAnyKifAndKvc(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).build());
        ReferenceKey key = source(terminal, 4);
        for (int[] name : new int[][] {{0xE1, 0x01}, {0xFF, 0xFF}, {0x00, 0x01}, {0x30, 0x00}}) {
            assertThat(load(terminal, 3, terminal.key(0x21), key, name[0], name[1])).isEqualTo("9000");
            runSession(terminal, 3, key, name[0], name[1]);
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void leavesOtherCardsOfABatchAlone(CardProduct product) {
        var cards = Card.builder(product).buildBatch(2);
        Terminal first = Terminal.of(cards.get(0));
        assertThat(load(first, 3, first.key(0x21), nullKey(first), 0, 0)).isEqualTo("9000");
        Terminal second = Terminal.of(cards.get(1));
        second.openUsual(0x30);
        second.closeAndVerify(0x80);
        var virgins = Card.builder(product).virgin(true).buildBatch(2);
        for (Card card : virgins) {
            Terminal terminal = Terminal.of(card);
            ReferenceKey key = source(terminal, 5);
            assertThat(load(terminal, 1, nullKey(terminal), key, 0x21, 0x01)).isEqualTo("9000");
            assertThat(load(terminal, 1, key, nullKey(terminal), 0, 0)).isEqualTo("9000");
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesWhatDoesNotFit(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).build());
        ReferenceKey issuer = terminal.key(0x21);
        ReferenceKey key = source(terminal, 6);
        String zeros = "00".repeat(32);
        assertThat(terminal.send(terminal.apdu("D8 00 03 20" + zeros))).as("no challenge").isEqualTo("6982");
        assertThat(terminal.send(terminal.apdu("D8 00 00 20" + zeros))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("D8 00 05 20" + zeros))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("D8 01 03 20" + zeros))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("D8 00 03 18" + "00".repeat(24)))).isEqualTo("6700");
        assertThat(terminal.send(terminal.apdu("D8 00 03 00"))).isEqualTo("6700");
        assertThat(terminal.send(terminal.apdu("D8 00 03 10" + "00".repeat(16)))).as("the length of a PIN").isEqualTo("6A87");
        assertThat(load(terminal, 3, issuer, key, 0, 0)).as("a key under the name of the null key").isEqualTo("6A80");
        assertThat(load(terminal, 3, issuer, nullKey(terminal), 0x30, 0x79)).as("the null key under another name")
                .isEqualTo("6A80");
        String change = apdu(terminal, 3, issuer, key, 0x30, 0x79);
        terminal.card.reset();
        assertThat(terminal.send(change)).as("a reset takes the challenge").isEqualTo("6982");
        for (int at : new int[] {5, 5 + 16, 5 + 31}) {
            byte[] wrong = bytes(apdu(terminal, 3, issuer, key, 0x30, 0x79));
            wrong[at] ^= 0x10;
            assertThat(hex(terminal.card.transmit(wrong))).isEqualTo("6988");
        }
        change = apdu(terminal, 3, issuer, key, 0x30, 0x79);
        terminal.openUsual(0x21);
        assertThat(terminal.exchange(change)).as("in a session").isEqualTo("6985");
        terminal.closeAndVerify(0x80);
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x80);

        Terminal invalidated = Terminal.of(Card.builder(product).invalidated(true).build());
        assertThat(load(invalidated, 3, invalidated.key(0x21), key, 0x30, 0x79)).isEqualTo("6985");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void storedValueAndPinFollowTheKeys(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).balance(50).build());
        terminal.send("00 A4 04 00 08 304554502E494341 00");
        ReferenceKey issuer = terminal.key(0x01);
        ReferenceKey loadKey = source(terminal, 7);
        ReferenceKey debitKey = source(terminal, 8);
        assertThat(load(terminal, 3, terminal.key(0x21), debitKey, 0x10, 0x5A)).as("the other DF's issuer key")
                .isEqualTo("6988");
        assertThat(load(terminal, 2, issuer, loadKey, 0x07, 0x5A)).isEqualTo("9000");
        assertThat(load(terminal, 3, issuer, debitKey, 0x10, 0x5A)).isEqualTo("9000");
        Purse old = new Purse(terminal);
        assertThat(old.get(false, false).kvc()).isEqualTo("5A");
        assertThat(terminal.send(old.debit(1).apdu())).as("the old KVC").isEqualTo("6A80");
        Purse purse = new Purse(terminal, loadKey, debitKey, "5A");
        purse.get(false, false);
        assertThat(terminal.send(purse.debit(1).apdu())).endsWith("9000");
        purse.get(true, false);
        assertThat(terminal.send(purse.reload(2).apdu())).endsWith("9000");
        assertThat(terminal.card.balance()).isEqualTo(51);
        terminal.send("00 A4 04 00 08 315449432E494341 00");
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void nullKeysServeNothingElse(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).virgin(true).build());
        ReferenceKey none = nullKey(terminal);
        boolean aes = product == CardProduct.TANGO_AES;
        String get = aes ? "00 7C 01 07 3D" : "FA 7C 00 07 21";
        assertThat(terminal.send(get)).isEqualTo("6985");
        byte[] challenge = terminal.challenge();
        assertThat(terminal.send(terminal.apdu("20 00 00 08" + hex(none.cipherPin(challenge, bytes("30303030"))))))
                .isEqualTo("6985");
        byte[] change = none.cipherNewPin(challenge, bytes("30303030"), bytes("31313131"));
        assertThat(terminal.send(terminal.apdu((aes ? "D8 00 FF 10" : "D8 00 04 10") + hex(change)))).isEqualTo("6985");
        assertThat(terminal.send(terminal.apdu("20 00 00 04 30303030"))).as("in plain it works").isEqualTo("9000");
    }

    @Test
    void showsNoKeyBytes() {
        assertThat(new CardKeys.NewKey(bytes("0123456789ABCDEF0123456789ABCDEF"), 0x3079)).hasToString("key 3079");
    }
}
