package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Arrays;
import java.util.stream.Stream;

import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The terminal's knowledge: one client drives all products, and the bytes are those of the specification. */
class CardCommandsTest {

    static Stream<Arguments> forms() {
        return Stream.of(CardProduct.values()).flatMap(p -> p.openForms().stream().map(f -> Arguments.of(p, f)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void oneClientDrivesAllProducts(CardProduct product, OpenForm form) {
        Card card = Card.builder(product).keyGroup(3).serialNumber(77).counter(1, 50).build();
        CardCommands commands = CardCommands.of(product, form);
        if (form != OpenForm.REVISION_1) {
            assertThat(card.transmit(commands.selectApplication())).endsWith(0x90, 0x00);
        }
        byte[] challenge = Arrays.copyOf(bytes("0102030405060708"), commands.certificateLength());
        byte[] opened = card.transmit(commands.openSession(CardCommands.DEBIT, CardCommands.SFI_ENVIRONMENT, 1, challenge));
        byte[] init = commands.digestInit(CardCommands.DEBIT, opened);
        assertThat(init[0] & 0xFF).isEqualTo(0x30);
        assertThat(init[1] & 0xFF).isEqualTo(commands.kvc());
        SessionDigest sam = product.profile().diversify(TestKeys.value(3, init[0] & 0xFF, init[1] & 0xFF), card.serialNumber())
                .openSession(challenge, commands.isExtended());
        sam.update(init, 2, init.length - 2);
        byte[] event = bytes("00112233445566778899");
        byte[][] exchanges = {commands.readRecord(CardCommands.SFI_CONTRACTS, 1, CardCommands.RECORD_LENGTH),
            commands.appendRecord(CardCommands.SFI_EVENTS, event), commands.decrease(CardCommands.SFI_COUNTERS, 1, 8),
            commands.updateRecord(CardCommands.SFI_CONTRACT_LIST, 1, bytes("AA"))};
        for (byte[] command : exchanges) {
            byte[] response = card.transmit(command);
            assertThat(hex(response)).containsPattern("(9000|6200)$");
            byte[] digested = CardCommands.digested(command);
            sam.update(digested, 0, digested.length);
            sam.update(response, 0, response.length);
        }
        byte[] closed = card.transmit(commands.closeSession(sam.terminalCertificate(), false));
        byte[] certificate = commands.cardCertificate(closed);
        assertThat(sam.verifyCardCertificate(certificate, 0, certificate.length)).isTrue();
        assertThat(card.isRatified()).isFalse();
        assertThat(card.transmit(commands.ratification())).isEqualTo(bytes("6B00"));
        assertThat(card.isRatified()).isTrue();
        assertThat(card.counter(1)).isEqualTo(42);
        assertThat(card.record(0x08, 1)).startsWith(event);
        if (product.postponesCounters()) {
            assertThat(commands.postponedCounter(closed, 0)).isEqualTo(42);
        }
        assertThatThrownBy(() -> commands.postponedCounter(closed, 1)).isInstanceOf(IllegalArgumentException.class);

        card.transmit(commands.openSession(CardCommands.LOAD, 0, 0, challenge));
        assertThat(card.isSessionOpen()).isTrue();
        assertThat(card.transmit(commands.abortSession())).isEqualTo(bytes("9000"));
        assertThat(card.isSessionOpen()).isFalse();
        byte[] refused = card.transmit(commands.abortSession());
        assertThatThrownBy(() -> commands.digestInit(CardCommands.LOAD, refused)).hasMessageContaining("6985");
    }

    @ParameterizedTest
    @CsvSource({
        "CD97, REVISION_1,             948A0B3804A1A2A3A4",
        "CD97, REVISION_2_4,           948A8B3804A1A2A3A4",
        "CD21, REVISION_2_4,           948A8B3804A1A2A3A4",
        "TANGO, REVISION_2_4,          948A8B3804A1A2A3A4",
        "TANGO_AES, REVISION_3,          008A0B3904A1A2A3A400",
        "TANGO_AES, REVISION_3_EXTENDED, 008A0B3A0900A1A2A3A4A5A6A7A800",
    })
    void buildsOpenByItsTable(CardProduct product, OpenForm form, String expected) {
        CardCommands commands = CardCommands.of(product, form);
        byte[] challenge = Arrays.copyOf(bytes("A1A2A3A4A5A6A7A8"), commands.certificateLength());
        assertThat(hex(commands.openSession(3, 0x07, 1, challenge))).isEqualTo(expected);
        assertThatThrownBy(() -> commands.openSession(3, 0x07, 1, new byte[3])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void buildsTheOtherCommandsByTheirTable() {
        CardCommands legacy = CardCommands.of(CardProduct.CD97);
        CardCommands aes = CardCommands.of(CardProduct.TANGO_AES);
        assertThat(hex(legacy.selectApplication())).isEqualTo("00A4040008315449432E49434100");
        assertThat(hex(legacy.readRecord(0x09, 2, 29))).isEqualTo("94B2024C1D");
        assertThat(hex(legacy.updateRecord(0x09, 2, bytes("AABB")))).isEqualTo("94DC024C02AABB");
        assertThat(hex(legacy.appendRecord(0x08, bytes("AABB")))).isEqualTo("94E2004002AABB");
        assertThat(hex(legacy.increase(0x19, 1, 0x010203))).as("case 3: it may be postponed").isEqualTo("943201C803010203");
        assertThat(hex(aes.decrease(0x19, 1, 1))).isEqualTo("003001C80300000100");
        assertThat(hex(legacy.closeSession(bytes("01020304"), true))).isEqualTo("948E8000040102030400");
        assertThat(hex(aes.closeSession(bytes("0102030405060708"), false))).isEqualTo("008E000008010203040506070800");
        assertThat(hex(aes.abortSession())).isEqualTo("008E000000");
        assertThat(hex(legacy.ratification())).isEqualTo("94B2000000");
        assertThat(hex(CardCommands.digested(bytes("003001C80300000100")))).isEqualTo("003001C803000001");
        assertThat(hex(CardCommands.digested(bytes("943001C803000001")))).isEqualTo("943001C803000001");
        assertThat(hex(CardCommands.digested(bytes("94B2024C1D")))).isEqualTo("94B2024C1D");
        assertThat(legacy.samKeyRecord(CardCommands.ISSUER)).isEqualTo(0x0C);
        assertThat(legacy.samKeyRecord(CardCommands.LOAD)).isEqualTo(0x02);
        assertThat(legacy.samKeyRecord(CardCommands.DEBIT)).isEqualTo(0x0D);
        assertThat(TestKeys.workKeys(1)).filteredOn(k -> k.alg() == CardProduct.CD97.alg() && k.kif() == 0x30)
                .singleElement().satisfies(k -> assertThat(k.reference()).isEqualTo(0x0D));
        assertThatThrownBy(() -> CardCommands.of(CardProduct.CD21, OpenForm.REVISION_1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> legacy.kif(4)).isInstanceOf(IllegalArgumentException.class);
    }
}
