package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.SamForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The status word of each command for each fault, and that the SAM goes on after it. Source: sam-s1-apdu.md sections 5 to 8. */
class StatusWordTest {

    private static final String DATA_8 = "0102030405060708";
    private static final String INIT = "3049" + Sam.OPEN;

    /** Where a SAM stands when the fault comes, and how a session in progress goes on to its end afterwards. */
    private enum State {
        AFTER_RESET(sam -> sam, sam -> sam),
        READY(sam -> sam.ok("14 00 00 08" + Sam.DIVERSIFIER).nextChallenge(new byte[8]).okData("84 00 00 08", 8),
                sam -> sam.ok("8A 00 FF 0E" + INIT)),
        ONGOING(Sam::openRegular, sam -> sam.update("00B2014400").close().authenticate()),
        ONGOING_EXTENDED(Sam::openExtended,
                sam -> sam.update("00B2014400").internalAuthenticate().externalAuthenticate().close().authenticate()),
        CIPHERED_RESPONSE_DUE(sam -> sam.openExtended().cipheredCommand("00DC010C 03 010203"),
                sam -> sam.cipheredResponse("0102039000").close().authenticate()),
        MID_SESSION(sam -> sam.openExtended().internalAuthenticate(),
                sam -> sam.externalAuthenticate().close().authenticate()),
        CLOSED(sam -> sam.openRegular().close(), Sam::authenticate),
        CLOSED_EXTENDED(sam -> sam.openExtended().close(), Sam::authenticate);

        private final UnaryOperator<Sam> enter;
        private final UnaryOperator<Sam> finish;

        State(UnaryOperator<Sam> enter, UnaryOperator<Sam> finish) {
            this.enter = enter;
            this.finish = finish;
        }

        boolean needsExtendedMode() {
            return this == ONGOING_EXTENDED || this == MID_SESSION || this == CLOSED_EXTENDED || this == CIPHERED_RESPONSE_DUE;
        }
    }

    private record Fault(State state, String apdu, String status, SamForm... forms) {

        Stream<Arguments> arguments() {
            return Stream.of(forms.length == 0 ? SamForm.values() : forms)
                    .filter(form -> form.extendedMode() || !state.needsExtendedMode())
                    .map(form -> Arguments.of(form, state, apdu, status));
        }
    }

    private static String bytes(int count) {
        return "5A".repeat(count);
    }

    /** {@code Lc data} of that many bytes. */
    private static String field(int count) {
        return Hex.text(count) + bytes(count);
    }

    /** Each command in a state that accepts it. */
    private static final List<Fault> GOOD = List.of(
            new Fault(State.AFTER_RESET, "14 00 00 08" + DATA_8, "9000"),
            new Fault(State.AFTER_RESET, "86 00 00 08" + DATA_8, "9000"),
            new Fault(State.READY, "8A 00 FF 0E" + INIT, "9000"),
            new Fault(State.ONGOING, "8C 00 00 05 00B2014400", "9000"),
            new Fault(State.ONGOING, "8C 80 00 06 05 00B2014400", "9000", SamForm.S1E1, SamForm.HSM_C1),
            new Fault(State.ONGOING_EXTENDED, "8C 00 80 05 00B2014400", "9000"),
            new Fault(State.CLOSED, "82 00 00 04 00000000", "6988"),
            new Fault(State.AFTER_RESET, "BC 00 C1 02 0000", "9000"));

    private static final List<Fault> GOOD_WITHOUT_DATA = List.of(
            new Fault(State.AFTER_RESET, "84 00 00 08", "9000"),
            new Fault(State.ONGOING_EXTENDED, "88 80 00 08", "9000"),
            new Fault(State.ONGOING, "8E 00 00 04", "9000"),
            new Fault(State.AFTER_RESET, "BE 00 A0 00", "9000"));

    private static List<Fault> faults() {
        List<Fault> faults = new ArrayList<>();
        lengths(faults);
        parameters(faults);
        states(faults);
        keys(faults);
        return faults;
    }

    private static void lengths(List<Fault> faults) {
        for (Fault good : GOOD) {
            String apdu = good.apdu.replace(" ", "");
            String header = apdu.substring(0, 6);
            String data = apdu.substring(8);
            String lc = apdu.substring(6, 8);
            for (String wrong : List.of(header, header + "00", header + lc, header + "00" + data,
                    header + lc + data.substring(2), header + lc + data + "0000", header + "FF" + data)) {
                faults.add(new Fault(good.state, wrong, "6700", good.forms));
            }
        }
        for (Fault good : GOOD_WITHOUT_DATA) {
            String header = good.apdu.replace(" ", "").substring(0, 6);
            faults.add(new Fault(good.state, header + "02 0000", "6700"));
            faults.add(new Fault(good.state, header + "02 0000 08", "6700"));
            if (!header.startsWith("BE")) {
                faults.add(new Fault(good.state, header, "6700"));
            }
        }
        for (int lc : new int[] {1, 2, 3, 5, 6, 7, 9, 16, 255}) {
            faults.add(new Fault(State.AFTER_RESET, "14 00 00" + field(lc), "6700"));
            faults.add(new Fault(State.CLOSED, "82 00 00" + field(lc), "6700"));
            faults.add(new Fault(State.MID_SESSION, "82 00 00" + field(lc), "6700"));
        }
        for (int lc : new int[] {1, 4, 7, 9, 16, 255}) {
            faults.add(new Fault(State.AFTER_RESET, "86 00 00" + field(lc), "6700"));
        }
        for (int le : new int[] {0, 1, 3, 5, 7, 9, 16, 255}) {
            faults.add(new Fault(State.READY, "84 00 00" + Hex.text(le), "6700"));
            faults.add(new Fault(State.ONGOING_EXTENDED, "88 80 00" + Hex.text(le), "6700"));
            faults.add(new Fault(State.ONGOING, "8E 00 00" + Hex.text(le), "6700"));
        }
        faults.add(new Fault(State.ONGOING_EXTENDED, "88 80 00 04", "6700"));
        faults.add(new Fault(State.ONGOING, "8E 00 00 08", "6700"));
        faults.add(new Fault(State.ONGOING_EXTENDED, "8E 00 00 04", "6700"));
        faults.add(new Fault(State.CLOSED, "82 00 00" + field(8), "6700"));
        faults.add(new Fault(State.CLOSED_EXTENDED, "82 00 00" + field(4), "6700"));
        faults.add(new Fault(State.MID_SESSION, "82 00 00" + field(4), "6700"));
        // A key without the card's answer is no Digest Init.
        faults.add(new Fault(State.READY, "8A 00 FF 01 30", "6700"));
        faults.add(new Fault(State.READY, "8A 00 FF 02 3049", "6700"));
        for (SamForm form : SamForm.values()) {
            int tooLong = form.maxDigestData() + 1;
            if (tooLong <= 0xFF) {
                faults.add(new Fault(State.READY, "8A 00 FF" + Hex.text(tooLong) + "3049" + bytes(tooLong - 2), "6700", form));
                faults.add(new Fault(State.ONGOING, "8C 00 00" + field(tooLong), "6700", form));
            }
        }
        faults.add(new Fault(State.ONGOING, "8C 80 00 F1 F0" + bytes(0xF0), "6700", SamForm.S1E1));
        for (int lc : new int[] {1, 3, 4, 8, 13}) {
            faults.add(new Fault(State.AFTER_RESET, "BC 00 C1" + field(lc), "6700"));
        }
        for (String le : List.of("01", "0F", "11", "1F", "21", "30", "FF")) {
            faults.add(new Fault(State.AFTER_RESET, "BC 00 C1 02 0000" + le, "6700"));
        }
        for (String le : List.of("01", "20", "2F", "31", "FF")) {
            faults.add(new Fault(State.AFTER_RESET, "BE 00 A0" + le, "6C30"));
        }
    }

    private static void parameters(List<Fault> faults) {
        for (String p1p2 : List.of("0100", "0001", "8000", "0080", "FFFF")) {
            faults.add(new Fault(State.AFTER_RESET, "14" + p1p2 + "08" + DATA_8, "6B00"));
            faults.add(new Fault(State.READY, "84" + p1p2 + "08", "6B00"));
            faults.add(new Fault(State.AFTER_RESET, "86" + p1p2 + "08" + DATA_8, "6B00"));
            faults.add(new Fault(State.ONGOING, "8E" + p1p2 + "04", "6B00"));
            faults.add(new Fault(State.CLOSED, "82" + p1p2 + "04 00000000", "6B00"));
        }
        for (String p1p2 : List.of("0000", "8001", "8080", "0080", "FF00")) {
            faults.add(new Fault(State.ONGOING_EXTENDED, "88" + p1p2 + "08", "6B00"));
        }
        for (String p1p2 : List.of("0100", "0001", "0040", "007F", "0081", "00FF", "7F00", "8001", "8080", "FF00")) {
            faults.add(new Fault(State.ONGOING, "8C" + p1p2 + "06 05 00B2014400", "6B00"));
        }
        faults.add(new Fault(State.ONGOING, "8C 80 00 06 05 00B2014400", "6B00", SamForm.S1D));
        faults.add(new Fault(State.ONGOING, "8C 00 80 05 00B2014400", "6B00", SamForm.S1D, SamForm.S1E1));
        for (String p1p2 : List.of("04FF", "80FF", "08FF", "FFFF", "0000", "007F", "0080", "00C1", "00F0", "00FE")) {
            faults.add(new Fault(State.READY, "8A" + p1p2 + "0E" + INIT, "6A00"));
        }
        for (String mode : List.of("02", "03")) {
            faults.add(new Fault(State.READY, "8A" + mode + "FF 0E 3059" + Sam.OPEN, "6A00", SamForm.S1D, SamForm.S1E1));
        }
        for (String p1p2 : List.of("01C1", "80C1", "0000", "007F", "0080", "00BF", "00C5", "00E1",
                "00F1", "00F9", "00FB", "00FF")) {
            faults.add(new Fault(State.AFTER_RESET, "BC" + p1p2 + "02 0000", "6A00"));
        }
        for (String p1p2 : List.of("01A0", "80A0", "FFA0", "0000", "007F", "009B", "009F", "00A1", "00B0", "00B4", "00B7", "00B9",
                "00C1", "00E0", "00E4", "00E8", "00F0", "01E1", "01E3", "0180", "019A", "01B1", "80B3", "1BB8", "FFB8")) {
            faults.add(new Fault(State.AFTER_RESET, "BE" + p1p2 + "00", "6A00"));
        }
    }

    private static void states(List<Fault> faults) {
        for (State state : List.of(State.AFTER_RESET, State.READY, State.MID_SESSION, State.CLOSED, State.CLOSED_EXTENDED)) {
            faults.add(new Fault(state, "8C 00 00 05 00B2014400", "6985"));
            faults.add(new Fault(state, "8C 80 00 06 05 00B2014400", "6985", SamForm.S1E1, SamForm.HSM_C1));
            faults.add(new Fault(state, "8C 00 80 05 00B2014400", "6985", SamForm.HSM_C1));
            faults.add(new Fault(state, "8E 00 00 04", "6985"));
            faults.add(new Fault(state, "8E 00 00 08", "6985"));
            faults.add(new Fault(state, "88 80 00 08", "6985", SamForm.HSM_C1));
        }
        for (State state : List.of(State.AFTER_RESET, State.READY, State.ONGOING, State.ONGOING_EXTENDED)) {
            faults.add(new Fault(state, "82 00 00 04 00000000", "6985"));
            faults.add(new Fault(state, "82 00 00 08" + DATA_8, "6985"));
        }
        faults.add(new Fault(State.ONGOING, "88 80 00 08", "6985", SamForm.HSM_C1));
        faults.add(new Fault(State.ONGOING, "8C 00 80 05 00B2014400", "6985", SamForm.HSM_C1));
        faults.add(new Fault(State.AFTER_RESET, "8A 00 FF 0E" + INIT, "6985"));
        // The challenge of the session in progress is used up.
        for (State state : List.of(State.ONGOING, State.CLOSED, State.ONGOING_EXTENDED, State.MID_SESSION)) {
            faults.add(new Fault(state, "8A 00 FF 0E" + INIT, "6985"));
        }
        // Bad structure of the data.
        for (String data : List.of("00", "01", "02 00", "05 00B20144", "05 00B2014400 00", "05 00B2014400 03 0102",
                "00 05 00B2014400", "FF 00")) {
            String packed = data.replace(" ", "");
            faults.add(new Fault(State.ONGOING, "8C 80 00" + Hex.text(packed.length() / 2) + packed, "6A80",
                    SamForm.S1E1, SamForm.HSM_C1));
        }
        for (int tooShort = 1; tooShort < 5; tooShort++) {
            faults.add(new Fault(State.ONGOING_EXTENDED, "8C 00 80" + field(tooShort), "6A80"));
        }
        faults.add(new Fault(State.CIPHERED_RESPONSE_DUE, "8C 00 80" + field(1), "6A80"));
    }

    private static void keys(List<Fault> faults) {
        for (String key : List.of("3000", "0000", "0049", "3148", "FF49", "E1FF", "FAFF")) {
            faults.add(new Fault(State.READY, "8A 00 FF 0E" + key + Sam.OPEN, "6A83"));
        }
        for (String record : List.of("03", "1F", "7E")) {
            faults.add(new Fault(State.READY, "8A 00" + record + "0C" + Sam.OPEN, "6A83"));
        }
        // Extended mode is only for keys whose algorithm has it.
        for (String kvc : List.of("29", "39", "49")) {
            faults.add(new Fault(State.READY, "8A 02 FF 0E 30" + kvc + Sam.OPEN, "6985", SamForm.HSM_C1));
        }
        for (String missing : List.of("03 02 0000", "7E 02 0000", "F0 02 3000", "F0 02 0000", "F0 02 E1FF", "C0 02 2100",
                "C0 02 0000", "E0 02 0000", "F8 02 9900", "FA 02 9900", "F8 02 E100")) {
            faults.add(new Fault(State.AFTER_RESET, "BC 00" + missing, "6A83"));
        }
    }

    static Stream<Arguments> eachFault() {
        return faults().stream().flatMap(Fault::arguments);
    }

    static Stream<Arguments> eachGoodCommand() {
        return Stream.concat(eachGoodCommandWithData(), GOOD_WITHOUT_DATA.stream().flatMap(Fault::arguments));
    }

    @ParameterizedTest(name = "{0} {1}: {2} -> {3}")
    @MethodSource("eachFault")
    void eachFaultHasItsStatusWordAndHarmsNothing(SamForm form, State state, String apdu, String status) {
        Sam sam = state.enter.apply(Sam.of(form));

        assertThat(sam.send(apdu)).isEqualTo(status);

        state.finish.apply(sam);
        sam.runGoodSession();
    }

    @ParameterizedTest(name = "{0} {1}: {2} -> {3}")
    @MethodSource("eachGoodCommand")
    void theCommandsThatTheFaultsAreMadeOfAreGood(SamForm form, State state, String apdu, String status) {
        assertThat(state.enter.apply(Sam.of(form)).status(apdu)).isEqualTo(status);
    }

    static Stream<Arguments> eachGoodCommandWithData() {
        return GOOD.stream().flatMap(Fault::arguments);
    }

    @ParameterizedTest(name = "{0} {1}: {2} 00 -> {3}")
    @MethodSource("eachGoodCommandWithData")
    void leOfZeroBehindTheDataChangesNothing(SamForm form, State state, String apdu, String status) {
        assertThat(state.enter.apply(Sam.of(form)).status(apdu + "00")).isEqualTo(status);
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheClassOfTheFormIsAccepted(SamForm form) {
        Set<Integer> accepted = form == SamForm.S1D ? Set.of(0x94) : Set.of(0x80, 0x00);
        for (int cla = 0; cla <= 0xFF; cla++) {
            Sam sam = Sam.of(form);
            String status = accepted.contains(cla) ? "9000" : "6E00";
            assertThat(sam.sendRaw(Hex.text(cla) + "84 00 00 04")).as("class %02X", cla).endsWith(status);
            // The class comes first, whatever else is wrong.
            assertThat(sam.sendRaw(Hex.text(cla) + "FF 00 00 04")).endsWith(accepted.contains(cla) ? "6D00" : "6E00");
            assertThat(sam.sendRaw(Hex.text(cla) + "14 00 00 04")).endsWith(accepted.contains(cla) ? "6700" : "6E00");
            sam.runGoodSession();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"S1E1", "HSM_C1"})
    void bothClassesReachTheSameSession(SamForm form) {
        Sam sam = Sam.of(form).openRegular();
        sam.useClass("00").update("00B2014400").useClass("80").update("9000").useClass("00").close()
                .useClass("80").authenticate();
    }

    @ParameterizedTest
    @EnumSource
    void everyOtherInstructionIsUnknown(SamForm form) {
        Set<Integer> known = new HashSet<>(Set.of(0x12, 0x14, 0x16, 0x1A, 0x1C, 0x20, 0x2A, 0x54, 0x56, 0x58, 0x5C,
                0x82, 0x84, 0x86, 0x8A, 0x8C, 0x8E, 0x8F, 0xBC, 0xBE, 0xC0, 0xD8));
        if (form.extendedMode()) {
            known.add(0x88);
        }
        Sam sam = Sam.of(form);
        for (int ins = 0; ins <= 0xFF; ins++) {
            for (String rest : List.of("0000", "000000", "8000 08", "00FF 02 0000", "0000 05 00")) {
                if (known.contains(ins)) {
                    assertThat(sam.status(Hex.text(ins) + rest)).as("instruction %02X", ins).isNotEqualTo("6D00");
                } else {
                    assertThat(sam.send(Hex.text(ins) + rest)).as("instruction %02X", ins).isEqualTo("6D00");
                }
            }
        }
        sam.runGoodSession();
    }

    @ParameterizedTest
    @EnumSource
    void anApduWithoutAHeaderHasTheWrongLength(SamForm form) {
        Sam sam = Sam.of(form).openRegular();
        for (String apdu : List.of("", sam.cla(), sam.cla() + "84", sam.cla() + "8400", "FF")) {
            assertThat(sam.sendRaw(apdu)).isEqualTo("6700");
        }
        sam.update("00").close().authenticate().runGoodSession();
    }

    @ParameterizedTest
    @EnumSource
    void aBlockedEventCounterStopsTheCommandBeforeAnythingIsSpent(SamForm form) {
        Sam sam = Sam.of(form, TestGroup.full().block(0x28).block(0xC4));
        assertThat(sam.key(0x40).reference()).isEqualTo(0x28);
        sam.ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);

        assertThat(sam.send("8A 00 FF 0E" + INIT)).isEqualTo("6900");
        assertThat(sam.send("8A 00 28 0C" + Sam.OPEN)).isEqualTo("6900");
        assertThat(sam.send("BC 00 C1 02 0000")).isEqualTo("6900");
        assertThat(sam.send("BE 00 A0 00")).isEqualTo("6900");

        assertThat(sam.send("8A 00 FF 0E 3039" + Sam.OPEN)).as("another key, the same challenge").isEqualTo("9000");
        assertThat(sam.open(0x30, false).update("00").close().authenticate().keys.uses.get(0x28)).isNull();
    }

    @Test
    void eachUseOfAKeyIsCountedOnce() {
        Sam sam = Sam.of(SamForm.HSM_C1).openRegular().update("00").close().authenticate();
        sam.status("8A 00 FF 0E" + INIT);
        sam.okData("BC 00 C1 02 0000", 32).okData("BE 00 A0 00", 48);
        assertThat(sam.keys.uses).containsOnlyKeys(0x28, 0xC4).containsEntry(0x28, 1).containsEntry(0xC4, 2);
    }

    @ParameterizedTest
    @EnumSource
    void aWrongCertificateDropsTheSession(SamForm form) {
        for (int bit = 0; bit < 32; bit++) {
            Sam sam = Sam.of(form).openRegular().update("00B2014400").close();
            byte[] wrong = sam.cardCertificate();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(sam.send("82 00 00", wrong)).isEqualTo("6988");
            assertThat(sam.send("82 00 00", sam.cardCertificate())).as("the right one comes too late").isEqualTo("6985");
            assertThat(sam.send("8C 00 00 01 00")).isEqualTo("6985");
            sam.runGoodSession();
        }
    }

    @Test
    void aWrongCertificateInExtendedModeDropsTheSession() {
        for (int bit = 0; bit < 64; bit++) {
            Sam end = Sam.of(SamForm.HSM_C1).openExtended().close();
            byte[] wrong = end.cardCertificate();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(end.send("82 00 00", wrong)).isEqualTo("6988");
            assertThat(end.send("82 00 00", end.cardCertificate())).isEqualTo("6985");
            end.runGoodSession();

            Sam middle = Sam.of(SamForm.HSM_C1).openExtended().internalAuthenticate();
            wrong = middle.midSessionCardCertificate();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(middle.send("82 00 00", wrong)).isEqualTo("6988");
            assertThat(middle.send("8C 00 00 01 00")).isEqualTo("6985");
            middle.runGoodSession();
        }
    }

    @Test
    void theTerminalCertificateIsNoCardCertificate() {
        Sam sam = Sam.of(SamForm.HSM_C1).openRegular();
        String terminal = sam.send("8E 00 00 04").substring(0, 8);
        assertThat(sam.send("82 00 00 04" + terminal)).isEqualTo("6988");
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerToResetNamesTheForm(SamForm form) {
        String kind = switch (form) {
            case S1D -> "D020";
            case S1E1 -> "E120";
            case HSM_C1 -> "C108";
        };
        assertThat(Hex.text(Sam.of(form).sam.atr())).isEqualTo("3B3F9600805A0080" + kind + "0100C0FFEE01829000");
    }

    @Test
    void aFaultIsNeverASuccess() {
        assertThat(faults()).hasSizeGreaterThan(200)
                .allSatisfy(fault -> assertThat(StatusWord.isSuccessful(Integer.parseInt(fault.status, 16))).isFalse());
    }
}
