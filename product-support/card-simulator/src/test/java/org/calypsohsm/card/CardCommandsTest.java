package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
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

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void oneClientRunsStoredValue(CardProduct product) {
        Card card = Card.builder(product).keyGroup(3).serialNumber(77).balance(100).counter(1, 9).build();
        CardCommands commands = CardCommands.of(product);
        byte[] samSerial = bytes("AABBCCDD");
        int expected = 100;
        for (StoredValueOperation operation : StoredValueOperation.values()) {
            for (boolean inSession : new boolean[] {false, true}) {
                byte[] challenge = Arrays.copyOf(bytes("A1A2A3A4A5A6A7A8"), commands.certificateLength());
                SessionDigest session = null;
                if (inSession) {
                    byte[] init = commands.digestInit(CardCommands.DEBIT,
                            card.transmit(commands.openSession(CardCommands.DEBIT, 0, 0, challenge)));
                    session = key(product, card, 0x30).openSession(challenge, commands.isExtended());
                    session.update(init, 2, init.length - 2);
                    exchange(card, session, commands.decrease(CardCommands.SFI_COUNTERS, 1, 1));
                }
                byte[] shown = exchange(card, session, commands.svGet(operation));
                assertThat(commands.svBalance(shown)).isEqualTo(expected);
                byte[] prepare = commands.svPrepare(operation, shown, 7, 0x1234, 0x0930);
                ReferenceKey key = key(product, card, operation == StoredValueOperation.RELOAD ? 0x07 : 0x10);
                byte[] hi = key.storedValueTerminalMac(prepare, bytes("C1C2C3"), bytes("0000DD"), samSerial);
                byte[] lo = key.storedValueCardMac(prepare, bytes("C1C2C3"), bytes("0000DD"), samSerial, hi);
                byte[] response = exchange(card, session, commands.svCommand(operation, prepare,
                        bytes("C1C2C3" + "0000DD" + hex(hi)), samSerial));
                if (inSession) {
                    assertThat(response).isEqualTo(bytes("6200"));
                    byte[] closed = card.transmit(commands.closeSession(session.terminalCertificate(), true));
                    int index = product.postponesCounters() ? 1 : 0;
                    assertThat(commands.postponedSvSignature(closed, index)).isEqualTo(lo);
                    assertThatThrownBy(() -> commands.postponedSvSignature(closed, index + 1))
                            .isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> commands.postponedSvSignature(closed, Integer.MAX_VALUE))
                            .isInstanceOf(IllegalArgumentException.class);
                } else {
                    assertThat(commands.svSignature(response)).isEqualTo(lo);
                }
                expected += operation == StoredValueOperation.DEBIT ? -7 : 7;
                assertThat(card.balance()).isEqualTo(expected);
            }
        }
    }

    private static ReferenceKey key(CardProduct product, Card card, int kif) {
        return product.profile().diversify(TestKeys.value(3, kif, product.kvc()), card.serialNumber());
    }

    private static byte[] exchange(Card card, SessionDigest session, byte[] command) {
        byte[] response = card.transmit(command);
        if (session != null) {
            byte[] digested = CardCommands.digested(command);
            session.update(digested, 0, digested.length);
            session.update(response, 0, response.length);
        }
        return response;
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void oneClientChangesSecrets(CardProduct product) {
        Card card = Card.builder(product).keyGroup(3).serialNumber(77).build();
        CardCommands commands = CardCommands.of(product);
        assertThat(card.transmit(commands.readPinTries())).isEqualTo(bytes("9000"));
        assertThat(card.transmit(commands.verifyPin(bytes("30303031")))).isEqualTo(bytes("63C2"));
        byte[] challenge = challenge(card, commands);
        assertThat(card.transmit(commands.verifyPin(key(product, card, 0x30).cipherPin(challenge, bytes("30303030")))))
                .isEqualTo(bytes("9000"));
        assertThat(card.transmit(commands.changePin(bytes("31313131")))).isEqualTo(bytes("9000"));
        challenge = challenge(card, commands);
        ReferenceKey issuer = key(product, card, 0x21);
        assertThat(card.transmit(commands.changePin(issuer.cipherNewPin(challenge, bytes("00000000"), bytes("32323232")))))
                .isEqualTo(bytes("9000"));
        assertThat(card.transmit(commands.verifyPin(bytes("32323232")))).isEqualTo(bytes("9000"));
        challenge = challenge(card, commands);
        byte[] cryptogram = issuer.cipherCardKey(challenge, key(product, card, 0x10), 0x30, 0x01);
        assertThat(card.transmit(commands.changeKey(CardCommands.DEBIT, cryptogram))).isEqualTo(bytes("9000"));
        byte[] init = commands.digestInit(CardCommands.DEBIT, card.transmit(commands.openSession(CardCommands.DEBIT, 0, 0,
                new byte[commands.certificateLength()])));
        assertThat(Arrays.copyOf(init, 2)).as("KIF and KVC of the new key").isEqualTo(bytes("3001"));
        assertThat(card.transmit(commands.invalidate())).isEqualTo(bytes("9000"));
        assertThat(card.transmit(commands.rehabilitate())).as("issuer key only").isEqualTo(bytes("6982"));
    }

    private static byte[] challenge(Card card, CardCommands commands) {
        byte[] response = card.transmit(commands.getChallenge());
        assertThat(response).hasSize(10);
        return Arrays.copyOf(response, 8);
    }

    @Test
    void buildsTheCommandsOfSecretsAndStoredValueByTheirTable() {
        CardCommands legacy = CardCommands.of(CardProduct.CD21);
        CardCommands aes = CardCommands.of(CardProduct.TANGO_AES);
        assertThat(hex(legacy.getChallenge())).isEqualTo("9484000008");
        assertThat(hex(aes.readPinTries())).isEqualTo("0020000000");
        assertThat(hex(legacy.verifyPin(bytes("01020304")))).isEqualTo("942000000401020304");
        assertThat(hex(aes.verifyPin(bytes("0102030405060708")))).isEqualTo("00200000080102030405060708");
        assertThat(hex(legacy.changePin(bytes("01020304")))).isEqualTo("94D800040401020304");
        assertThat(hex(aes.changePin(new byte[16]))).isEqualTo("00D800FF10" + "00".repeat(16));
        assertThat(hex(legacy.changeKey(2, new byte[32]))).isEqualTo("94D8000220" + "00".repeat(32));
        assertThat(hex(legacy.invalidate())).isEqualTo("9404000000");
        assertThat(hex(aes.rehabilitate())).isEqualTo("0044000000");
        assertThat(hex(legacy.svGet(StoredValueOperation.RELOAD))).isEqualTo("FA7C000721");
        assertThat(hex(legacy.svGet(StoredValueOperation.UNDEBIT))).isEqualTo("FA7C00091E");
        assertThat(hex(aes.svGet(StoredValueOperation.DEBIT))).isEqualTo("007C01093D");
        assertThat(StoredValueOperation.values()).extracting(StoredValueOperation::samInstruction).containsExactly(0x56, 0x54, 0x5C);

        // Layouts of calypso-card.md section e; lengths of sam-s1-apdu.md section 5.13.
        byte[] debitShown = bytes("79" + "0073" + "A54BC9" + "7DFA" + "FFFFF6" + "00".repeat(19) + "9000");
        assertThat(legacy.svBalance(debitShown)).isEqualTo(-10);
        byte[] debit = legacy.svPrepare(StoredValueOperation.DEBIT, debitShown, 2, 0x1234, 0x5678);
        assertThat(hex(debit)).hasSize(2 * 0x30).isEqualTo("7C00091E" + hex(debitShown) + "BA000014" + "00" + "FFFE12345678" + "79");
        byte[] reloadShown = bytes("79" + "0072" + "21D35F" + "0E36" + "123456" + "00".repeat(22) + "9000");
        byte[] reload = legacy.svPrepare(StoredValueOperation.RELOAD, reloadShown, -2, 0x1234, 0x5678);
        assertThat(hex(reload)).hasSize(2 * 0x36)
                .isEqualTo("7C000721" + hex(reloadShown) + "B8000017" + "00" + "1234" + "00" + "79" + "00" + "FFFFFE" + "5678");
        byte[] extendedShown = bytes("0102030405060708" + "74" + "0072" + "A1A2A3A4A5A6" + "123456" + "00".repeat(41) + "9000");
        assertThat(aes.svBalance(extendedShown)).isEqualTo(0x123456);
        assertThat(aes.svPrepare(StoredValueOperation.RELOAD, extendedShown, 1, 0, 0)).hasSize(0x52);
        byte[] undebit = aes.svPrepare(StoredValueOperation.UNDEBIT, extendedShown, 2, 0x1234, 0x5678);
        assertThat(hex(undebit)).hasSize(2 * 0x4F).endsWith("BC000019" + "00" + "000212345678" + "74");

        assertThat(hex(legacy.svCommand(StoredValueOperation.DEBIT, debit, bytes("34CD14" + "0000DF" + "0C9437AABB"),
                bytes("12345678")))).isEqualTo("FABA34CD14" + "14" + "FFFE12345678" + "79" + "12345678" + "0000DF" + "0C9437AABB");
        assertThat(hex(legacy.svCommand(StoredValueOperation.RELOAD, reload, bytes("959117" + "0000DE" + "2C8CB3D280"),
                bytes("12345678")))).isEqualTo("FAB8959117" + "17" + "1234007900FFFFFE5678" + "12345678" + "0000DE" + "2C8CB3D280");
        assertThat(hex(aes.svCommand(StoredValueOperation.UNDEBIT, undebit, bytes("34CD14" + "0000DF" + "01".repeat(10)),
                bytes("12345678")))).isEqualTo("00BC34CD19" + "14" + "000212345678" + "74" + "12345678" + "0000DF"
                        + "01".repeat(10) + "00");
        assertThat(hex(legacy.svSignature(bytes("A54BC99000")))).isEqualTo("A54BC9");
        assertThat(hex(aes.svSignature(bytes("A54BC90102039000")))).isEqualTo("A54BC9010203");
        assertThat(hex(legacy.postponedSvSignature(bytes("04000005" + "04A54BC9" + "01020304" + "9000"), 1))).isEqualTo("A54BC9");
    }

    @Test
    void refusesWrongLengthsAndAmounts() {
        CardCommands legacy = CardCommands.of(CardProduct.CD97);
        byte[] shown = new byte[0x1E + 2];
        shown[0x1E] = (byte) 0x90;
        List<ThrowingCallable> calls = List.of(
                () -> legacy.verifyPin(new byte[5]), () -> legacy.changePin(new byte[8]),
                () -> legacy.changeKey(4, new byte[32]), () -> legacy.changeKey(1, new byte[24]),
                () -> legacy.svBalance(bytes("9000")), () -> legacy.svBalance(bytes("6985")),
                () -> legacy.svPrepare(StoredValueOperation.RELOAD, shown, 1, 0, 0),
                () -> legacy.svPrepare(StoredValueOperation.DEBIT, bytes("6D00"), 1, 0, 0),
                () -> legacy.svPrepare(StoredValueOperation.DEBIT, shown, -1, 0, 0),
                () -> legacy.svPrepare(StoredValueOperation.UNDEBIT, shown, 0x8000, 0, 0),
                () -> legacy.svCommand(StoredValueOperation.DEBIT, new byte[0x30], new byte[10], new byte[4]),
                () -> legacy.svCommand(StoredValueOperation.DEBIT, new byte[0x36], new byte[11], new byte[4]),
                () -> legacy.svCommand(StoredValueOperation.DEBIT, new byte[0x30], new byte[11], new byte[8]),
                () -> legacy.svSignature(bytes("6200")), () -> legacy.svSignature(bytes("01029000")),
                () -> legacy.postponedSvSignature(bytes("010203049000"), 0));
        assertThat(calls).allSatisfy(c -> assertThatThrownBy(c).isInstanceOf(IllegalArgumentException.class));
        byte[] debit = legacy.svPrepare(StoredValueOperation.DEBIT, shown, 0x7FFF, 0, 0);
        assertThat(hex(debit)).contains("BA000014008001");
    }
}
