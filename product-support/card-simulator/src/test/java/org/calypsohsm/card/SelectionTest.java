package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Locale;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** ATR, FCI, FCP, EF list: calypso-card.md sections a and b. */
class SelectionTest {

    private static final String AID = "315449432E494341";
    private static final long SERIAL = 0x1122334455667788L;

    private static Terminal terminal(CardProduct product) {
        return Terminal.of(Card.builder(product).serialNumber(SERIAL).build());
    }

    @ParameterizedTest
    @CsvSource({
        "CD97,      060A0103200311, 0A0103200311",
        "CD21,      0A2E1302000101, 2E1302000101",
        "TANGO,     03080381000200, 080381000200",
        "TANGO_AES, 0A082B02000201, 082B02000201",
    })
    void showsStartupInformationInFciAndAtr(CardProduct product, String startup, String inAtr) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send("00 A4 04 00 08" + AID + "00")).isEqualTo(
                "6F22" + "8408" + AID + "A516" + "BF0C13" + "C7081122334455667788" + "5307" + startup + "9000");
        assertThat(terminal.send(terminal.apdu("CA 00 6F 00"))).startsWith("6F22").contains(startup).endsWith("9000");

        byte[] atr = terminal.card.powerOnData();
        assertThat(hex(atr)).hasSize(40).startsWith("3B8F8001805A" + inAtr + "55667788" + "829000");
        byte check = 0;
        for (int i = 1; i < atr.length; i++) {
            check ^= atr[i];
        }
        assertThat(check).as("TCK makes the xor from T0 zero (ISO/IEC 7816-3)").isZero();
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void selectsByFullAndPartialAid(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send("00 A4 04 00 05 315449432E 00")).contains(AID).endsWith("9000");
        assertThat(terminal.send("00 A4 04 00 08 304554502E494341 00")).as("stored value DF").contains("304554502E494341");
        assertThat(terminal.send("00 A4 04 02 05 304554502E 00")).as("no next one").isEqualTo("6A82");
        assertThat(terminal.send("00 A4 04 00 08 315449432E494342 00")).as("other AID").isEqualTo("6A82");
        assertThat(terminal.send("00 A4 04 00 09 315449432E49434100 00")).as("longer than the name").isEqualTo("6A82");
        assertThat(terminal.send("00 A4 04 00 04 31544943 00")).as("too short").isEqualTo("6700");
        assertThat(terminal.send("00 A4 04 01 05 315449432E 00")).as("last").isEqualTo("6B00");
        assertThat(terminal.send("00 A4 04 0C 05 315449432E")).as("without FCI").isEqualTo("9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void invalidatedApplicationAnswers6283WithItsFci(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).invalidated(true).build());
        assertThat(terminal.send("00 A4 04 00 08" + AID + "00")).contains(AID).endsWith("6283");
        assertThat(terminal.send(terminal.apdu("CA 00 6F 00"))).endsWith("6283");
        assertThat(terminal.send(terminal.apdu("CA 00 62 00")).substring(4 + 26, 4 + 28)).as("DF status").isEqualTo("01");
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 01 AA"))).isEqualTo("6985");
        assertThat(terminal.exchange(terminal.apdu("B2 01 44 01"))).as("reading goes on").isEqualTo("009000");
        terminal.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @CsvSource({"CD97, 29", "CD21, 39", "TANGO, 49", "TANGO_AES, 59"})
    void answersFcp(CardProduct product, String kvc) {
        Terminal terminal = terminal(product);
        terminal.send("00 A4 04 00 08" + AID + "00");
        boolean aes = product == CardProduct.TANGO_AES;
        String df = "8517" + "00" + "02" + "00" + "00" + "00" + "10100000" + "01030000" + "00" + kvc.repeat(3) + "212730"
                + (aes ? "002000" : "200000");
        String events = "8517" + "08" + "04" + "04" + "1D" + "03" + "1F101010" + "00030303" + "00" + "2010" + "00000000"
                + (aes ? "002010" : "201000");
        for (String p1 : new String[] {"02", "08", "09"}) {
            assertThat(terminal.send(terminal.apdu("A4" + p1 + "00 02 2010 00"))).as("P1 " + p1).isEqualTo(events + "9000");
            assertThat(terminal.send(terminal.apdu("A4" + p1 + "00 02 2000 00"))).as("P1 " + p1).isEqualTo(df + "9000");
        }
        terminal.send(terminal.apdu("A4 08 00 02 2010 00"));
        assertThat(terminal.send(terminal.apdu("CA 00 62 00"))).as("current file").isEqualTo(events + "9000");
        assertThat(terminal.send(terminal.apdu("A4 09 00 02 0000 00"))).as("current DF").isEqualTo(df + "9000");
        assertThat(terminal.send(terminal.apdu("CA 00 62 00"))).isEqualTo(df + "9000");
    }

    @Test
    void cd97WithoutSelectionByAidShowsLidsAsRevision1() {
        Terminal terminal = terminal(CardProduct.CD97);
        assertThat(terminal.send("94 A4 08 00 02 2010 00")).endsWith("002010" + "9000");
        terminal.send("00 A4 04 00 08" + AID + "00");
        assertThat(terminal.send("94 A4 08 00 02 2010 00")).endsWith("201000" + "9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void navigatesThroughFiles(CardProduct product) {
        Terminal terminal = terminal(product);
        String[] sfis = {"02", "03", "07", "08", "09", "19", "1D", "1E"};
        for (int i = 0; i < sfis.length; i++) {
            assertThat(terminal.send(terminal.apdu(i == 0 ? "A4 02 00 02 0000 00" : "A4 02 02 02 0000 00")))
                    .startsWith("8517" + sfis[i] + "04").endsWith("9000");
        }
        assertThat(terminal.send(terminal.apdu("A4 02 02 02 0000 00"))).as("after the last").isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("B2 01 04 01"))).as("the last stays current").isEqualTo("009000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void findsFilesOfMf(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 3F00 00"))).startsWith("85170001").endsWith("9000");
        assertThat(terminal.send(terminal.apdu("CA 00 6F 00"))).as("the MF has no DF name").isEqualTo("6A88");
        assertThat(terminal.send(terminal.apdu("B2 01 3C 1D"))).as("not in the MF").isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 2000 00"))).startsWith("85170002");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 0002 00"))).as("ICC of the MF").startsWith("85170204");
        assertThat(terminal.send(terminal.apdu("B2 01 04 1D"))).as("serial number at 12")
                .isEqualTo("00".repeat(12) + "1122334455667788" + "00".repeat(9) + "9000");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 2002 00"))).as("the same in the DF").contains("0002")
                .endsWith("9000");
        assertThat(terminal.send(terminal.apdu("B2 01 14 1D"))).contains("1122334455667788");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 2099 00"))).isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 0000 00"))).isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("A4 08 00 01 20 00"))).isEqualTo("6700");
        assertThat(terminal.send(terminal.apdu("A4 07 00 02 2000 00"))).isEqualTo("6B00");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void selectsFilesInSessionButStaysInTheDf(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("A4 08 00 02 2010 00"))).endsWith("9000");
        assertThat(terminal.exchange(terminal.apdu("DC 01 04 01 AA"))).as("current EF").isEqualTo("9000");
        assertThat(terminal.exchange(terminal.apdu("A4 08 00 02 3F00 00"))).isEqualTo("6985");
        assertThat(terminal.exchange(terminal.apdu("A4 08 00 02 1014 00"))).isEqualTo("6985");
        assertThat(terminal.exchange(terminal.apdu("A4 09 00 02 0000 00"))).startsWith("8517");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.record(0x08, 1)[0]).isEqualTo((byte) 0xAA);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void listsElementaryFiles(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("CA 00 C0 00"))).isEqualTo("C040"
                + "C106200202021D01" + "C106200303021D01" + "C106200107021D01" + "C106201008041D03"
                + "C106202009021D04" + "C106206919091D01" + "C10620401D021D01" + "C10620501E021D01" + "9000");
        assertThat(terminal.send(terminal.apdu("CA 01 85 00"))).as("traceability").isEqualTo("6A88");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void storedValueDfHasItsOwnKeys(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 1000 00"))).contains("010710");
        String open = product == CardProduct.TANGO_AES ? "00 8A 03 02 09 00A1A2A3A4A5A6A7A8 00" : "94 8A 83 00 04 A1A2A3A4";
        terminal.open(open, 0x10);
        assertThat(terminal.exchange(terminal.apdu("B2 03 AC 1D"))).isEqualTo("00".repeat(29) + "9000");
        assertThat(terminal.exchange(terminal.apdu("E2 00 A8 01 AA"))).as("never").isEqualTo("6985");
        terminal.closeAndVerify(0x80);
    }

    @Test
    void acceptsTheOtherTangoSample() {
        Card card = Card.builder(CardProduct.TANGO).startupInformation(bytes("03080304000200")).build();
        assertThat(hex(card.powerOnData())).startsWith("3B8F8001805A080304000200");
        assertThat(Terminal.of(card).send("00 A4 04 00 08" + AID + "00")).contains("530703080304000200");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void acceptsItsClassesOnly(CardProduct product) {
        Terminal terminal = terminal(product);
        boolean aes = product == CardProduct.TANGO_AES;
        for (int cla = 0; cla < 256; cla++) {
            String response = terminal.send(String.format(Locale.ROOT, "%02X B2 01 3C 1D", cla));
            assertThat(response).as("CLA %02X", cla).hasSize(cla == terminal.cla() ? 62 : 4);
            if (cla != terminal.cla()) {
                assertThat(response).isEqualTo("6E00");
            }
        }
        for (int cla = 0; cla < 256; cla++) {
            String get = aes ? "7C 01 07 3D" : "7C 00 07 21";
            assertThat(terminal.send(String.format(Locale.ROOT, "%02X", cla) + get)).as("SV Get with CLA %02X", cla)
                    .endsWith(cla == (aes ? 0x00 : 0xFA) ? "9000" : "6E00");
        }
        assertThat(terminal.send("FA B2 01 3C 1D")).as("the class of stored value only").isEqualTo("6E00");
        assertThat(terminal.send("00 C0 00 00 10")).as("nothing waits").isEqualTo("6985");
        assertThat(terminal.send("00 A4 08 00 02 2000")).as("Select File").startsWith(aes ? "85170002" : "6E00");
    }
}
