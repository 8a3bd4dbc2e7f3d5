package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Open and Close in every variant: layouts of calypso-card.md section b, digest of section c. */
class SecureSessionTest {

    private static final String RECORD = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C";
    private static final String OTHER = "FF01FF03FF05FF07FF09FF0BFF0DFF0FFF11FF13FF15FF17FF19FF1BFF";

    private static Card card(CardProduct product) {
        return Card.builder(product).serialNumber(0x12345678L).transactionCounter(0x030201)
                .record(0x07, 1, bytes(RECORD)).record(0x08, 1, bytes(OTHER)).counter(1, 100).build();
    }

    /** Product, Open with record 1 of SFI 07 and key 3, same without record, what stands before and after the random. */
    static Stream<Arguments> variants() {
        return Stream.of(
                Arguments.of(CardProduct.CD97, "94 8A 0B 38 04 A1A2A3A4", "94 8A 03 00 04 A1A2A3A4", "030201", 1, "", ""),
                Arguments.of(CardProduct.CD97, "94 8A 8B 38 04 A1A2A3A4", "94 8A 83 00 04 A1A2A3A4", "29030201", 1, "", ""),
                Arguments.of(CardProduct.CD21, "94 8A 8B 38 04 A1A2A3A4 00", "94 8A 83 00 04 A1A2A3A4 00", "39030201", 1,
                        "", ""),
                Arguments.of(CardProduct.TANGO, "94 8A 8B 38 04 A1A2A3A4", "94 8A 83 00 04 A1A2A3A4", "49030201", 1, "", ""),
                Arguments.of(CardProduct.TANGO_AES, "00 8A 0B 39 04 A1A2A3A4 00", "00 8A 03 01 04 A1A2A3A4 00", "030201", 1,
                        "003059", "1D"),
                Arguments.of(CardProduct.TANGO_AES, "00 8A 0B 3A 09 00A1A2A3A4A5A6A7A8 00",
                        "00 8A 03 02 09 00A1A2A3A4A5A6A7A8 00", "030201", 5, "023059", "1D"));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void runsEachVariantEndToEnd(CardProduct product, String openWithRecord, String open, String before, int random,
            String after, String length) {
        Terminal terminal = Terminal.of(card(product));
        String data = terminal.open(openWithRecord, 0x30);
        int rest = before.length() + 2 * random;
        assertThat(data).startsWith(before);
        assertThat(data.substring(rest)).isEqualTo(after + length + RECORD);
        assertThat(terminal.card.isSessionOpen()).isTrue();

        assertThat(terminal.exchange(terminal.apdu("B2 01 44 1D"))).isEqualTo(OTHER + "9000");
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 03 AABBCC"))).isEqualTo("9000");
        assertThat(terminal.exchange(terminal.apdu("B2 01 44 04"))).isEqualTo("AABBCC03" + "9000");
        assertThat(terminal.card.record(0x08, 1)).as("not yet confirmed").isEqualTo(bytes(OTHER));
        assertThat(terminal.closeAndVerify(0x80)).isEmpty();

        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(hex(terminal.card.record(0x08, 1))).startsWith("AABBCC03");

        String second = terminal.open(open, 0x30);
        assertThat(second).hasSize(rest + after.length() + length.length()).startsWith(before.replace("030201", "030200"));
        assertThat(second.substring(rest)).isEqualTo(after + (length.isEmpty() ? "" : "00"));
        assertThat(terminal.closeAndVerify(0x80)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void digestsWithoutTrailingLe(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        terminal.openUsual(0x30);
        // Case 4 with Le, case 3 and case 2, and no data at all with 5 bytes.
        terminal.exchange(terminal.apdu("A4 08 00 02 2010 00"));
        terminal.exchange(terminal.apdu("30 01 C8 03 000001 00"));
        terminal.exchange(terminal.apdu("30 01 C8 03 000001"));
        terminal.exchange(terminal.apdu("84 00 00 08"));
        terminal.exchange(terminal.apdu("B2 01 44 00"));
        assertThat(terminal.close(0x80)).endsWith("9000");
        assertThat(terminal.card.counter(1)).isEqualTo(98);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void digestsRefusedCommandsToo(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("B2 09 3C 1D"))).isEqualTo("6A83");
        assertThat(terminal.exchange(terminal.apdu("46 00 00 00"))).as("PKI").isEqualTo("6D00");
        assertThat(terminal.exchange("55 B2 01 3C 1D")).isEqualTo("6E00");
        assertThat(terminal.exchange(terminal.apdu("DC 01 3C 01 AA"))).as("issuer key needed").isEqualTo("6982");
        terminal.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void takesFourByteCommandsAsFive(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu("84 00 00 00"));
        terminal.send(terminal.apdu("84 00 00"));
        assertThat(terminal.close(0x80)).as("one exchange more than the terminal knows of").isEqualTo("6988");

        Card twin = card(product);
        Terminal other = Terminal.of(twin);
        other.openUsual(0x30);
        // The terminal digests five bytes although four are sent.
        byte[] five = bytes(other.apdu("84 00 01 00"));
        other.digest().update(five, 0, 5);
        byte[] response = twin.transmit(bytes(other.apdu("84 00 01")));
        other.digest().update(response, 0, response.length);
        assertThat(response).isEqualTo(bytes("6B00"));
        other.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void wrongTerminalCertificateAbortsTheSession(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        byte[] contents = terminal.card.contents();
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu("DC 01 44 03 AABBCC"));
        String certificate = terminal.terminalCertificate();
        String wrong = certificate.substring(0, certificate.length() - 1) + (certificate.endsWith("0") ? "1" : "0");
        assertThat(terminal.send(terminal.apdu("8E 80 00 " + (product == CardProduct.TANGO_AES ? "08" : "04") + wrong + "00")))
                .isEqualTo("6988");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.card.contents()).isEqualTo(contents);
        assertThat(terminal.close(0x80, certificate)).as("no second try").isEqualTo("6985");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void wrongKeyOrOtherCardGives6988(CardProduct product) {
        Terminal right = Terminal.of(card(product));
        Terminal otherGroup = new Terminal(right.card, product.profile(), 2);
        otherGroup.openUsual(0x30);
        assertThat(otherGroup.close(0x80)).isEqualTo("6988");

        String open = right.openUsual(0x30);
        right.start(product == CardProduct.TANGO_AES ? Terminal.SAM_CHALLENGE_EXTENDED : "", 0x27, open);
        assertThat(right.close(0x80)).as("key 27 instead of 30").isEqualTo("6988");

        Terminal other = new Terminal(Card.builder(product).serialNumber(2).build(), product.profile(), 0);
        String data = right.openUsual(0x30);
        other.start(product == CardProduct.TANGO_AES ? Terminal.SAM_CHALLENGE_EXTENDED : "", 0x30, data);
        String certificate = other.terminalCertificate();
        assertThat(right.close(0x80, certificate)).as("diversified for another card").isEqualTo("6988");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void abortDropsEverything(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        byte[] contents = terminal.card.contents();
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu("DC 01 44 03 AABBCC"));
        assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).isEqualTo("9000");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.card.contents()).isEqualTo(contents);
        assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).as("no session").isEqualTo("6985");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void newSelectionDropsEverything(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        byte[] contents = terminal.card.contents();
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu("DC 01 44 03 AABBCC"));
        assertThat(terminal.send("00 A4 04 00 08 315449432E494341 00")).endsWith("9000");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.card.contents()).isEqualTo(contents);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesCloseWithWrongShapeAndGoesOn(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        terminal.openUsual(0x30);
        assertThat(terminal.send(terminal.apdu("8E 80 00 03 010203 00"))).isEqualTo("6700");
        assertThat(terminal.send(terminal.apdu("8E 80 00 00"))).as("abort is with P1 = 00 only").isEqualTo("6700");
        assertThat(terminal.send(terminal.apdu("8E 40 00 04 01020304 00"))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("8E 80 01 04 01020304 00"))).isEqualTo("6B00");
        if (product == CardProduct.TANGO_AES) {
            assertThat(terminal.send("00 8E 80 00 04 01020304 00")).as("4 bytes in an extended session").isEqualTo("6700");
        }
        terminal.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesSecondOpenAndGoesOn(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        terminal.openUsual(0x30);
        boolean aes = product == CardProduct.TANGO_AES;
        assertThat(terminal.exchange(aes ? "00 8A 03 01 04 01020304 00" : "94 8A 83 00 04 01020304")).isEqualTo("6985");
        terminal.closeAndVerify(0x80);
    }

    @Test
    void refusesFormsOfOtherProducts() {
        assertThat(send(CardProduct.CD21, "94 8A 03 00 04 01020304")).as("revision 1").isEqualTo("6B00");
        assertThat(send(CardProduct.TANGO, "94 8A 03 00 04 01020304")).as("revision 1").isEqualTo("6B00");
        assertThat(send(CardProduct.CD97, "94 8A 83 01 04 01020304")).as("revision 3").isEqualTo("6B00");
        assertThat(send(CardProduct.TANGO, "94 8A 83 02 09 000102030405060708")).as("extended").isEqualTo("6B00");
        assertThat(send(CardProduct.TANGO_AES, "00 8A 03 00 04 01020304 00")).as("revision 2").isEqualTo("6B00");
        assertThat(send(CardProduct.TANGO_AES, "00 8A 00 03 09 000102030405060708 00")).as("PKI").isEqualTo("6B00");
    }

    private static String send(CardProduct product, String apdu) {
        return Terminal.of(card(product)).send(apdu);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesOpenWithWrongReferences(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        boolean aes = product == CardProduct.TANGO_AES;
        String tail = aes ? "04 01020304 00" : "04 01020304";
        int p1 = aes ? 0 : 0x80;
        int p2 = aes ? 1 : 0;
        assertThat(terminal.send(open(terminal, p1, p2, tail))).as("key 0").isEqualTo("6A81");
        assertThat(terminal.send(open(terminal, p1 + 4, p2, tail))).as("key 4").isEqualTo("6A81");
        assertThat(terminal.send(open(terminal, p1 + 3, p2, "03 010203"))).as("short challenge").isEqualTo("6700");
        assertThat(terminal.send(open(terminal, p1 + 3 + 8, p2, tail))).as("no current EF").isEqualTo("6986");
        assertThat(terminal.send(open(terminal, p1 + 3 + 8, p2 + 0x06 * 8, tail))).as("no such file").isEqualTo("6A82");
        assertThat(terminal.send(open(terminal, p1 + 3 + 16, p2 + 0x07 * 8, tail))).as("no such record").isEqualTo("6A83");
        assertThat(terminal.send(open(terminal, p1 + 3 + 8, p2 + 0x03 * 8, tail))).as("PIN needed").isEqualTo("6982");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.card.transactionCounter()).as("nothing was spent").isEqualTo(0x030201);
    }

    private static String open(Terminal terminal, int p1, int p2, String tail) {
        return terminal.apdu(String.format("8A %02X %02X %s", p1, p2, tail));
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void transactionCounterGoesDownToZeroThen6900(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).transactionCounter(2).build());
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x80);
        terminal.openUsual(0x30);
        assertThat(terminal.card.transactionCounter()).isZero();
        terminal.closeAndVerify(0x80);
        assertThat(terminal.send(product == CardProduct.TANGO_AES ? "00 8A 03 01 04 01020304 00" : "94 8A 83 00 04 01020304"))
                .isEqualTo("6900");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void challengesDiffer(CardProduct product) {
        Terminal terminal = Terminal.of(card(product));
        String first = terminal.openUsual(0x30);
        terminal.card.reset();
        assertThat(terminal.openUsual(0x30)).isNotEqualTo(first);
        assertThat(terminal.send(terminal.apdu("84 00 00 08"))).hasSize(20).endsWith("9000")
                .isNotEqualTo(terminal.send(terminal.apdu("84 00 00 08")));
        assertThat(terminal.send(terminal.apdu("84 00 00 01"))).isEqualTo("6C08");
    }
}
