package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pre-open, mutual authentication and ciphering of the AES extension: calypso-card.md section b. */
class ExtendedModeTest {

    private static final String OPEN = "00 8A 0B 3A 09 00A1A2A3A4A5A6A7A8 00";
    private static final String PRE_OPEN = "00 8A 0B 3A 01 00 00";
    private static final String ENVIRONMENT = "5A".repeat(29);

    private Terminal terminal;

    @BeforeEach
    void setUp() {
        terminal = Terminal.of(Card.builder(CardProduct.TANGO_AES).record(0x07, 1, bytes(ENVIRONMENT)).counter(1, 7).build());
    }

    @Test
    void preOpenShowsWhatOpenWillAnswer() {
        String preOpened = terminal.send(PRE_OPEN);
        assertThat(preOpened).endsWith("1D" + ENVIRONMENT + "6200");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.send("00 B2 01 CC 03")).as("commands in between").isEqualTo("0000079000");
        String opened = terminal.send(OPEN);
        assertThat(opened).isEqualTo(preOpened.replaceAll("6200$", "9000"));
        // The SAM's digest began with the answer to pre-open.
        terminal.start(OPEN, 0x30, preOpened.substring(0, preOpened.length() - 4));
        terminal.closeAndVerify(0x80);

        // Behind the transaction counter, which changes anyway.
        assertThat(terminal.send(OPEN).substring(6, 16)).as("random used once").isNotEqualTo(opened.substring(6, 16));
        assertThat(terminal.send(PRE_OPEN)).as("in a session").isEqualTo("6985");
    }

    @Test
    void resetAndSelectionForgetPreOpen() {
        String preOpened = terminal.send(PRE_OPEN).replaceAll("6200$", "9000");
        terminal.card.reset();
        assertThat(terminal.send(OPEN)).isNotEqualTo(preOpened);
        terminal.card.reset();
        preOpened = terminal.send(PRE_OPEN).replaceAll("6200$", "9000");
        terminal.send("00 A4 04 00 08 315449432E494341 00");
        assertThat(terminal.send(OPEN)).isNotEqualTo(preOpened);
    }

    @Test
    void refusesUnknownFirstByte() {
        assertThat(terminal.send("00 8A 03 02 09 01A1A2A3A4A5A6A7A8 00")).isEqualTo("6A80");
        assertThat(terminal.send("00 8A 03 02 05 00A1A2A3A4 00")).isEqualTo("6700");
    }

    @Test
    void authenticatesInTheMiddle() {
        terminal.open(OPEN, 0x30);
        terminal.exchange("00 DC 01 44 01 AA");
        String response = authenticate("01");
        assertThat(response).hasSize(20).endsWith("9000");
        assertThat(terminal.digest().verifyMidSessionCardCertificate(bytes(response), 0, 8)).isTrue();
        terminal.exchange("00 DC 01 EC 01 BB");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.record(0x1D, 1)[0]).isEqualTo((byte) 0xBB);
    }

    private String authenticate(String p2) {
        return terminal.send("00 82 00" + p2 + "08" + hex(terminal.digest().midSessionTerminalCertificate()) + "00");
    }

    @Test
    void wrongMidSessionCertificateAborts() {
        byte[] contents = terminal.card.contents();
        terminal.open(OPEN, 0x30);
        terminal.exchange("00 DC 01 44 01 AA");
        assertThat(terminal.send("00 82 00 01 08 0102030405060708 00")).isEqualTo("6988");
        assertThat(terminal.card.isSessionOpen()).isFalse();
        assertThat(terminal.card.contents()).isEqualTo(contents);
    }

    @Test
    void ciphersDataFieldsOnly() {
        terminal.open(OPEN.replace("8A 0B", "8A 0A"), 0x27);
        assertThat(terminal.send("00 82 00 02 00")).isEqualTo("9000");
        terminal.setCiphered(true);
        assertThat(terminal.exchange("00 DC 01 44 04 DEADBEEF")).isEqualTo("9000");
        assertThat(terminal.exchange("00 B2 01 44 04")).isEqualTo("DEADBEEF9000");
        assertThat(terminal.exchange("00 32 01 C8 03 000001 00")).isEqualTo("0000089000");
        assertThat(terminal.exchange("00 B2 05 44 04")).as("refusals too").isEqualTo("6A83");
        assertThat(terminal.exchange("00 A4 09 00 02 2010 00")).startsWith("851708").endsWith("9000");
        byte[] onTheWire = terminal.card.transmit(terminal.digest().cipher(bytes("00 B2 01 44 04"), 0, 5));
        assertThat(hex(onTheWire)).endsWith("9000").isNotEqualTo("DEADBEEF9000");
        assertThat(hex(terminal.digest().cipher(onTheWire, 0, 6))).isEqualTo("DEADBEEF9000");

        assertThat(terminal.send("00 82 00 00 00")).isEqualTo("9000");
        terminal.setCiphered(false);
        assertThat(terminal.exchange("00 B2 01 44 04")).isEqualTo("DEADBEEF9000");
        String both = authenticate("03");
        assertThat(terminal.digest().verifyMidSessionCardCertificate(bytes(both), 0, 8)).isTrue();
        terminal.setCiphered(true);
        assertThat(terminal.exchange("00 DC 01 EC 02 1234")).isEqualTo("9000");
        terminal.closeAndVerify(0x80);
        assertThat(hex(terminal.card.record(0x08, 1))).startsWith("DEADBEEF");
        assertThat(hex(terminal.card.record(0x1D, 1))).startsWith("1234");
        assertThat(terminal.card.counter(1)).isEqualTo(8);
    }

    @Test
    void refusesManageSessionWhereItDoesNotBelong() {
        assertThat(terminal.send("00 82 00 02 00")).as("no session").isEqualTo("6985");
        terminal.open("00 8A 03 01 04 A1A2A3A4 00", 0x30);
        assertThat(terminal.send("00 82 00 02 00")).as("regular session").isEqualTo("6985");
        terminal.closeAndVerify(0x80);
        terminal.open(OPEN, 0x30);
        assertThat(terminal.send("00 82 00 04 00")).isEqualTo("6B00");
        assertThat(terminal.send("00 82 01 02 00")).isEqualTo("6B00");
        assertThat(terminal.send("00 82 00 02 01 AA 00")).isEqualTo("6700");
        assertThat(terminal.send("00 82 00 01 04 01020304 00")).isEqualTo("6700");
        terminal.closeAndVerify(0x80);
        assertThat(Terminal.of(Card.builder(CardProduct.TANGO).build()).send("94 82 00 02 00")).isEqualTo("6D00");
    }
}
