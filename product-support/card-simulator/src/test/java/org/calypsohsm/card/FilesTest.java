package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Arrays;
import java.util.Locale;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Commands on records and counters, access conditions and limits: calypso-card.md sections b, d and f. */
class FilesTest {

    private static Terminal terminal(CardProduct product) {
        return Terminal.of(Card.builder(product)
                .record(0x09, 1, bytes("C1".repeat(29))).record(0x09, 2, bytes("C2".repeat(29)))
                .record(0x09, 3, bytes("C3".repeat(29))).record(0x09, 4, bytes("C4".repeat(29)))
                .record(0x08, 1, bytes("E1000000FF")).record(0x08, 2, bytes("E2")).record(0x08, 3, bytes("E3"))
                .counter(1, 100).counter(9, 0xFFFFFE).build());
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void readsRecords(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("B2 02 4C 1D"))).isEqualTo("C2".repeat(29) + "9000");
        assertThat(terminal.send(terminal.apdu("B2 02 4C 00"))).as("Le 00: all").isEqualTo("C2".repeat(29) + "9000");
        assertThat(terminal.send(terminal.apdu("B2 02 4C 03"))).as("Le: leading bytes").isEqualTo("C2C2C2" + "9000");
        assertThat(terminal.send(terminal.apdu("B2 02 4C 1E"))).as("too long").isEqualTo("6C1D");
        assertThat(terminal.send(terminal.apdu("B2 03 4D 3E"))).as("two from 3")
                .isEqualTo("031D" + "C3".repeat(29) + "041D" + "C4".repeat(29) + "9000");
        assertThat(terminal.send(terminal.apdu("B2 01 4D 00"))).as("all").hasSize(2 * (4 * 31 + 2)).endsWith("9000");
        assertThat(terminal.send(terminal.apdu("B2 01 4D 3E"))).as("first two only")
                .isEqualTo("011D" + "C1".repeat(29) + "021D" + "C2".repeat(29) + "9000");
        assertThat(terminal.send(terminal.apdu("B2 05 4C 1D"))).isEqualTo("6A83");
        assertThat(terminal.send(terminal.apdu("B2 00 4C 1D"))).isEqualTo("6A83");
        assertThat(terminal.send(terminal.apdu("B2 01 34 1D"))).as("no SFI 06").isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("B2 01 4E 1D"))).as("P2").isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("B2 01 1C 1D"))).as("ID: PIN").isEqualTo("6982");
        assertThat(terminal.send(terminal.apdu("B2 04 4C 01"))).isEqualTo("C49000");
        assertThat(terminal.send(terminal.apdu("B2 03 04 01"))).as("the SFI made the EF current").isEqualTo("C39000");
        terminal.card.reset();
        assertThat(terminal.send(terminal.apdu("B2 01 04 1D"))).as("no current EF").isEqualTo("6986");
        for (String ins : new String[] {"B0", "D6", "D0"}) {
            assertThat(terminal.send(terminal.apdu(ins + "87 00 01" + ("B0".equals(ins) ? "" : "AA")))).isEqualTo("6981");
            assertThat(terminal.send(terminal.apdu(ins + "86 00 01" + ("B0".equals(ins) ? "" : "AA")))).isEqualTo("6A82");
        }
    }

    @Test
    void readsPartsOfRecordsOnRevision3() {
        Terminal terminal = terminal(CardProduct.TANGO_AES);
        assertThat(terminal.send("00 B3 02 4D 04 54020002 00")).isEqualTo("C2C2C3C3C4C49000");
        assertThat(terminal.send("00 B3 02 4D 04 54021C02 00")).isEqualTo("6A80");
        assertThat(terminal(CardProduct.CD21).send("94 B3 02 4D 04 54020002 00")).isEqualTo("6D00");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void updatesWritesAndAppends(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("D2 01 4C 02 0F30"))).as("write ORs").isEqualTo("9000");
        assertThat(terminal.exchange(terminal.apdu("B2 01 4C 03"))).isEqualTo("CFF1C1" + "9000");
        assertThat(terminal.exchange(terminal.apdu("E2 00 40 02 AABB"))).as("append").isEqualTo("9000");
        assertThat(terminal.exchange(terminal.apdu("B2 01 45 5D"))).as("newest first, the oldest is lost")
                .isEqualTo("011DAABB" + "00".repeat(27) + "021DE1000000FF" + "00".repeat(24) + "031DE2" + "00".repeat(28) + "9000");
        terminal.closeAndVerify(0x80);
        assertThat(hex(terminal.card.record(0x08, 3))).startsWith("E2");

        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 01 EE"))).as("update record 1").isEqualTo("9000");
        assertThat(terminal.exchange(terminal.apdu("DC 02 44 01 EE"))).as("update record 2 of a cyclic file").isEqualTo("6981");
        assertThat(terminal.exchange(terminal.apdu("D2 02 44 01 EE"))).isEqualTo("6981");
        assertThat(terminal.exchange(terminal.apdu("E2 00 E8 01 EE"))).as("append to a linear file").isEqualTo("6981");
        assertThat(terminal.exchange(terminal.apdu("D2 01 CC 01 EE"))).as("write to counters").isEqualTo("6981");
        assertThat(terminal.exchange(terminal.apdu("DC 01 EC 1E" + "EE".repeat(30)))).as("too long").isEqualTo("6700");
        assertThat(terminal.exchange(terminal.apdu("DC 02 EC 01 EE"))).isEqualTo("6A83");
        assertThat(terminal.exchange(terminal.apdu("DC 01 EE 01 EE"))).isEqualTo("6B00");
        assertThat(terminal.exchange(terminal.apdu("E2 01 40 01 EE"))).isEqualTo("6B00");
        terminal.closeAndVerify(0x80);
        assertThat(hex(terminal.card.record(0x08, 1))).startsWith("EEBB");
    }

    /** Rows of the Structure "02" table: command without class and session key, then whether issuer, load, debit key may. */
    @ParameterizedTest
    @CsvSource({
        "DC 01 14 01 02,      6985, 6985, 6985",  // ICC update never
        "D2 01 14 01 02,      9000, 6982, 6982",  // ICC write S1
        "DC 01 1C 01 02,      9000, 9000, 6982",  // ID update S2
        "D2 01 1C 01 02,      6985, 6985, 6985",  // ID write never
        "DC 01 3C 01 02,      9000, 6982, 6982",  // environment update S1
        "D2 01 3C 01 02,      6985, 6985, 6985",
        "DC 01 44 01 02,      9000, 9000, 9000",  // events S3
        "D2 01 44 01 02,      9000, 9000, 9000",
        "E2 00 40 01 02,      9000, 9000, 9000",
        "DC 01 4C 01 02,      9000, 9000, 6982",  // contracts update S2
        "D2 01 4C 01 02,      9000, 9000, 9000",  // contracts write S3
        "DC 01 CC 01 02,      9000, 9000, 6982",  // counters update S2
        "DC 01 EC 01 02,      9000, 9000, 9000",  // special events S3
        "D2 01 EC 01 02,      6985, 6985, 6985",
        "DC 01 F4 01 02,      9000, 9000, 9000",  // contract list S3
        "D2 01 F4 01 02,      6985, 6985, 6985",
    })
    void keepsAccessConditionsAndKeyHierarchy(String command, String issuer, String load, String debit) {
        for (CardProduct product : CardProduct.values()) {
            Terminal terminal = terminal(product);
            byte[] contents = terminal.card.contents();
            assertThat(terminal.send(terminal.apdu(command))).as("no session").isIn("6982", "6985");
            assertThat(terminal.card.contents()).isEqualTo(contents);
            int[] kifs = {0x21, 0x27, 0x30};
            String[] expected = {issuer, load, debit};
            for (int i = 0; i < kifs.length; i++) {
                terminal.openUsual(kifs[i]);
                assertThat(terminal.exchange(terminal.apdu(command))).as("%s, key %d", product, i + 1).isEqualTo(expected[i]);
                terminal.closeAndVerify(0x80);
            }
            assertThat(terminal.card.contents()).satisfies(after ->
                    assertThat(Arrays.equals(after, contents)).isEqualTo("6985".equals(issuer)));
        }
    }

    @ParameterizedTest
    @CsvSource({"CD97, true", "CD21, true", "TANGO, false", "TANGO_AES, false"})
    void counts(CardProduct product, boolean postpones) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x27);
        assertThat(terminal.exchange(terminal.apdu("30 01 C8 03 00000A"))).isEqualTo(postpones ? "6200" : "00005A9000");
        assertThat(terminal.exchange(terminal.apdu("B2 01 CC 03"))).as("seen at once").isEqualTo("00005A9000");
        assertThat(terminal.exchange(terminal.apdu("32 02 C8 03 010203"))).isEqualTo(postpones ? "6200" : "0102039000");
        assertThat(terminal.exchange(terminal.apdu("32 09 C8 03 000002"))).as("overflow").isEqualTo("6A80");
        assertThat(terminal.exchange(terminal.apdu("30 03 C8 03 000001"))).as("underflow").isEqualTo("6A80");
        assertThat(terminal.exchange(terminal.apdu("32 09 C8 03 000001"))).as("up to the end").isEqualTo(
                postpones ? "6200" : "FFFFFF9000");
        assertThat(terminal.exchange(terminal.apdu("32 0A C8 03 000001"))).as("no such counter").isEqualTo("6B00");
        assertThat(terminal.exchange(terminal.apdu("32 00 C8 03 000001"))).as("no simulated counter").isEqualTo("6B00");
        assertThat(terminal.exchange(terminal.apdu("32 01 40 03 000001"))).as("no counters file").isEqualTo("6981");
        assertThat(terminal.exchange(terminal.apdu("32 01 C8 02 0001"))).isEqualTo("6700");
        assertThat(terminal.exchange(terminal.apdu("32 01 C9 03 000001"))).isEqualTo("6B00");
        assertThat(terminal.card.counter(1)).as("provisional").isEqualTo(100);
        assertThat(terminal.closeAndVerify(0x80)).isEqualTo(postpones ? "0400005A" + "04010203" + "04FFFFFF" : "");
        assertThat(terminal.card.counter(1)).isEqualTo(90);
        assertThat(terminal.card.counter(2)).isEqualTo(0x010203);
        assertThat(terminal.card.counter(9)).isEqualTo(0xFFFFFF);

        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("32 01 C8 03 000001"))).as("increase needs the load key").isEqualTo("6982");
        assertThat(terminal.exchange(terminal.apdu("30 01 C8 03 000001"))).isEqualTo(postpones ? "6200" : "0000599000");
        terminal.closeAndVerify(0x00);
    }

    @Test
    void countsSeveralAtOnceOnRevision3() {
        Terminal terminal = terminal(CardProduct.TANGO_AES);
        terminal.openUsual(0x27);
        assertThat(terminal.exchange("00 3A 00 C8 08 01000001 02000005 00")).isEqualTo("01000065" + "02000005" + "9000");
        assertThat(terminal.exchange("00 3A 00 C8 08 01000001 09000002 00")).as("all or nothing").isEqualTo("6A80");
        assertThat(terminal.exchange("00 38 00 C8 08 01000001 01000001 00")).as("twice the same")
                .isEqualTo("01000064010000639000");
        assertThat(terminal.exchange("00 38 00 C8 07 01000001 010000 00")).isEqualTo("6700");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.counter(1)).isEqualTo(99);
        assertThat(terminal(CardProduct.TANGO).send("94 3A 00 C8 04 01000001")).isEqualTo("6D00");
    }

    @ParameterizedTest
    @CsvSource({"CD97, 6", "CD21, 10", "TANGO, 3"})
    void answers6400AfterSoManyModifications(CardProduct product, int limit) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        for (int i = 1; i <= limit; i++) {
            assertThat(terminal.exchange(terminal.apdu(String.format(Locale.ROOT, "DC 01 44 01 %02X", i)))).isEqualTo("9000");
            assertThat(terminal.exchange(terminal.apdu("B2 01 44 01"))).as("reading costs nothing").endsWith("9000");
            assertThat(terminal.exchange(terminal.apdu("DC 01 3C 01 AA"))).as("nor a refusal").isEqualTo("6982");
        }
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 01 AA"))).isEqualTo("6400");
        assertThat(terminal.exchange(terminal.apdu("E2 00 40 01 AA"))).isEqualTo("6400");
        assertThat(terminal.exchange(terminal.apdu("30 01 C8 03 000001"))).isEqualTo("6400");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.record(0x08, 1)[0]).as("the session stayed open").isEqualTo((byte) limit);
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 01 AA"))).as("new session, new room").isEqualTo("9000");
    }

    @Test
    void answers6400AfterSoManyBytesOnRevision3() {
        Terminal terminal = terminal(CardProduct.TANGO_AES);
        terminal.openUsual(0x30);
        // 430 bytes for startup byte 0A: 12 times 29 + 6 leave 10, which is room for 4 bytes.
        for (int i = 0; i < 12; i++) {
            assertThat(terminal.exchange("00 DC 01 44 1D" + "AA".repeat(29))).isEqualTo("9000");
        }
        assertThat(terminal.exchange("00 DC 01 44 05 BBBBBBBBBB")).isEqualTo("6400");
        assertThat(terminal.exchange("00 DC 01 44 04 BBBBBBBB")).isEqualTo("9000");
        assertThat(terminal.exchange("00 DC 01 44 01 CC")).isEqualTo("6400");
        terminal.closeAndVerify(0x80);
        assertThat(hex(terminal.card.record(0x08, 1))).startsWith("BBBBBBBBAA");
    }

    @ParameterizedTest
    @CsvSource({"06, 215", "07, 256", "08, 304", "0A, 430", "0F, 1024", "13, 2048", "17, 4096", "37, 1048576"})
    void readsTheByteLimitFromStartupInformation(String first, int bytes) {
        CardState state = new CardState(CardProduct.TANGO_AES, bytes(first + "082B02000201"), new byte[8], null,
                null, true, new FileImage(), 1, 1);
        assertThat(state.sessionRoom()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesDataBeyondItsCapacity(CardProduct product) {
        Terminal terminal = terminal(product);
        int capacity = product == CardProduct.TANGO_AES ? 250 : 128;
        String header = String.format(Locale.ROOT, "DC 01 44 %02X", capacity + 1);
        assertThat(terminal.send(terminal.apdu(header + "AA".repeat(capacity + 1)))).isEqualTo("6700");
        terminal.openUsual(0x30);
        terminal.send(terminal.apdu("DC 01 44 FF" + "AA".repeat(255)));
        terminal.send(terminal.apdu("DC 01 44 05 AA"));
        terminal.closeAndVerify(0x80);
    }
}
