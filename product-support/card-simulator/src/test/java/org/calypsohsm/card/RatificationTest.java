package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Ratification: calypso-card.md sections b to d. */
class RatificationTest {

    private static Terminal terminal(CardProduct product) {
        return Terminal.of(Card.builder(product).transactionCounter(0x030201).build());
    }

    /** Length of Open's data in bytes without a record, and with ratification bytes. */
    @ParameterizedTest
    @CsvSource({
        "CD97, 94 8A 03 00 04 A1A2A3A4, 4, 6",
        "CD97, 94 8A 83 00 04 A1A2A3A4, 5, 7",
        "CD21, 94 8A 83 00 04 A1A2A3A4, 5, 7",
        "TANGO, 94 8A 83 00 04 A1A2A3A4, 5, 7",
    })
    void revision1And2TellByTheFirstBytesOfTheLastTerminalCertificate(CardProduct product, String open, int ratified,
            int notRatified) {
        Terminal terminal = terminal(product);
        assertThat(terminal.open(open, 0x30)).hasSize(2 * ratified);
        String certificate = terminal.terminalCertificate();
        terminal.close(0x00, certificate);
        assertThat(terminal.card.isRatified()).isFalse();
        terminal.card.reset();
        String data = terminal.open(open, 0x30);
        assertThat(data).hasSize(2 * notRatified).endsWith(certificate.substring(0, 4));
        terminal.closeAndVerify(0x80);
        assertThat(terminal.open(open, 0x30)).hasSize(2 * ratified);
    }

    @ParameterizedTest
    @CsvSource({
        "00 8A 03 01 04 A1A2A3A4 00, 8, 00, 01",
        "00 8A 03 02 09 00A1A2A3A4A5A6A7A8 00, 16, 02, 03",
    })
    void revision3TellsByItsFlag(String open, int at, String ratified, String notRatified) {
        Terminal terminal = terminal(CardProduct.TANGO_AES);
        assertThat(terminal.open(open, 0x30).substring(at, at + 2)).isEqualTo(ratified);
        terminal.closeAndVerify(0x00);
        terminal.card.reset();
        assertThat(terminal.open(open, 0x30).substring(at, at + 2)).isEqualTo(notRatified);
        terminal.card.reset();
        assertThat(terminal.open(open, 0x30).substring(at, at + 2)).as("until a session is closed").isEqualTo(notRatified);
        terminal.closeAndVerify(0x80);
        assertThat(terminal.open(open, 0x30).substring(at, at + 2)).isEqualTo(ratified);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void nextCommandRatifiesEvenIfRefused(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        assertThat(terminal.send(terminal.apdu("B2 00 00 00"))).as("Keyple's ratification command").isEqualTo("6B00");
        assertThat(terminal.card.isRatified()).isTrue();

        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        assertThat(terminal.send("55 55 55 55")).isEqualTo("6E00");
        assertThat(terminal.card.isRatified()).isTrue();

        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        assertThat(terminal.send("94")).as("no command at all").isEqualTo("6700");
        assertThat(terminal.card.isRatified()).isFalse();
        int length = terminal.openUsual(0x30).length();
        assertThat(terminal.card.isRatified()).as("Open is a command too").isTrue();
        assertThat(length).isEqualTo(product == CardProduct.TANGO_AES ? 24 : 10);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void commandsAfterFieldLossDoNotRatify(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        terminal.card.reset();
        terminal.send(terminal.apdu("B2 00 00 00"));
        assertThat(terminal.card.isRatified()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void abortedSessionChangesNothing(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        terminal.send(terminal.apdu("8E 00 00 00"));
        assertThat(terminal.card.isRatified()).isTrue();
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        terminal.card.reset();
        terminal.openUsual(0x30);
        terminal.send(terminal.apdu("8E 00 00 00"));
        assertThat(terminal.card.isRatified()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"CD97, true", "CD21, false", "TANGO, false", "TANGO_AES, true"})
    void deselectionRatifiesSomeProducts(CardProduct product, boolean ratifies) {
        Terminal terminal = terminal(product);
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        terminal.card.deselect();
        assertThat(terminal.card.isRatified()).isEqualTo(ratifies);
    }

    @Test
    void typeBit04OfRevision3AsksForACommand() {
        Terminal terminal = Terminal.of(Card.builder(CardProduct.TANGO_AES)
                .startupInformation(Terminal.bytes("0A082F02000201")).build());
        terminal.openUsual(0x30);
        terminal.closeAndVerify(0x00);
        terminal.card.deselect();
        assertThat(terminal.card.isRatified()).isFalse();
    }
}
