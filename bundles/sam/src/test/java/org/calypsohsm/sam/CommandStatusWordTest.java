package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The status word of each fault in the commands outside of a session: it counts nothing, spends nothing, and the same command
 * without the fault is then carried out. Source: sam-s1-apdu.md sections 5.10 to 5.23, 7 and 8.
 */
class CommandStatusWordTest {

    static Stream<Arguments> commands() {
        return Stream.of(SamForm.values()).flatMap(form -> Command.of(form).stream().map(command -> Arguments.of(form, command)));
    }

    private static void refuse(Command command, SamForm form, String apdu, String status) {
        Sam sam = command.enter(form);
        sam.keys.uses.clear();
        assertThat(sam.send(apdu)).as(apdu).isEqualTo(status);
        assertThat(sam.keys.uses).as("uses after %s", apdu).isEmpty();
        command.run(sam);
        sam.runGoodSession();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void eachCommandIsCarriedOutAndCountsItsKeys(SamForm form, Command command) {
        Sam sam = command.enter(form);
        sam.keys.uses.clear();
        command.run(sam);
        assertThat(sam.keys.uses).containsOnlyKeys(command.counted().toArray(Integer[]::new));
        assertThat(sam.keys.uses.values()).allMatch(uses -> uses == 1);
        sam.runGoodSession();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void leOfZeroBehindTheDataChangesNothing(SamForm form, Command command) {
        if (command != Command.SV_CHECK) {
            assertThat(command.enter(form).status(command.apdu() + "00")).isEqualTo("9000");
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void aWrongShapeOrLengthAnswers6700(SamForm form, Command command) {
        String header = command.header();
        String data = command.data();
        String lc = command.apdu().substring(6, 8);
        List<String> wrong = new ArrayList<>(List.of(header + "FF" + data));
        if (command == Command.SV_CHECK) {
            // Cut off behind the length of a signature, it must not pass for the one that drops the operation.
            IntStream.of(1, 2, 3, 4, 5, 6, 7, 255).mapToObj(le -> header + Hex.text(le)).forEach(wrong::add);
            IntStream.of(1, 2, 4, 5, 6, 7, 8).mapToObj(n -> header + Hex.text(n) + "5A".repeat(n)).forEach(wrong::add);
        } else {
            wrong.addAll(List.of(header, header + "00", header + lc, header + "00" + data, header + lc + data.substring(2),
                    header + lc + data + "0000", header + "01" + data.substring(0, 2), header + "FF" + "5A".repeat(255)));
            if (!header.startsWith("2A") && !header.startsWith("8F")) {
                wrong.add(header + Hex.text(data.length() / 2 - 1) + data.substring(2));
                wrong.add(header + Hex.text(data.length() / 2 + 1) + data + "00");
            }
        }
        wrong.remove(command == Command.MAC_COMPUTE ? header + "FF" + "5A".repeat(255) : "");
        wrong.forEach(apdu -> refuse(command, form, apdu, "6700"));
    }

    /** P1 P2 that a command of an instruction refuses; where Lc decides between commands, it is a right one for them. */
    private static final Map<String, List<String>> WRONG_P1P2 = Map.ofEntries(
            Map.entry("12", List.of("0000", "00FF", "81FF", "C0FF", "8000", "4000", "80FE", "FF01", "FF80", "FFFE")),
            Map.entry("16", List.of("80A0", "02A0", "0000", "007F", "0080", "00B0", "00B4", "00B7", "00B9", "00C1",
                    "00C4", "00E1", "00E3", "00E7", "00EF", "00F1", "00F8", "00FF", "02F0", "80F0", "08E0", "01B8", "01EE")),
            Map.entry("1A", List.of("01F0", "04F0", "10F0", "20F0", "40F0", "407E", "40C0", "48F0", "80C0", "C0C0", "C0E0",
                    "88F0", "C8F0", "0000", "007F", "0080", "00A0", "00B1", "00C1", "00E1", "00F1", "00FF", "8000", "807F")),
            Map.entry("D8", List.of("01A0", "80A0", "10B1", "04B8", "0000", "0001", "0080", "00A1", "00B0", "00B4", "00B7", "00B9",
                    "00C0", "00E0", "00E1", "00E8", "00F0", "00FF")),
            Map.entry("1C", List.of("0000", "8000", "4001", "4100", "2000", "0040", "FFFF")),
            Map.entry("8F", List.of("0100", "0001", "8000", "0080", "FFFF")),
            Map.entry("2A", List.of("0000", "9E00", "009A", "9E9B", "9A9E", "00A9", "01A8", "A800", "AEAC", "FFFF")),
            Map.entry("56", List.of("02FF", "80FF", "0100", "0000", "01FE", "FFFF")),
            Map.entry("54", List.of("02FF", "80FF", "0100", "0000", "01FE", "FFFF")),
            Map.entry("5C", List.of("02FF", "80FF", "0100", "0000", "01FE", "FFFF")),
            Map.entry("58", List.of("0100", "0001", "8000", "FFFF")));

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void aWrongP1OrP2HasTheStatusWordOfItsFamily(SamForm form, Command command) {
        String ins = command.header().substring(0, 2);
        String status = List.of("1C", "8F", "2A", "58").contains(ins) ? "6B00" : "6A00";
        for (String p1p2 : WRONG_P1P2.get(ins)) {
            refuse(command, form, ins + p1p2 + command.apdu().substring(6), status);
            // P1 P2 come before the length.
            refuse(command, form, ins + p1p2 + "01 00", status);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void withoutWhatMustComeBeforeItEachCommandAnswers6985(SamForm form, Command command) {
        Sam sam = Sam.of(form, Command.keys());
        if (command.isPlainWrite() || command.isStaticWrite()) {
            command.run(sam);
            return;
        }
        assertThat(sam.send(command.apdu())).isEqualTo("6985");
        assertThat(sam.keys.uses).isEmpty();
        command.enter(sam);
        sam.keys.uses.clear();
        command.run(sam).runGoodSession();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void withoutADiversifierOrAChallengeOfTheCardTheCommandsThatNeedThemAnswer6985(SamForm form, Command command) {
        String ins = command.header().substring(0, 2);
        if (!List.of("12", "16", "1C", "2A", "8F", "54", "56", "5C").contains(ins)) {
            return;
        }
        ChannelState ready = command.enter(form).sam.idleState();
        boolean needsRandom = ins.equals("12") || ins.equals("16");
        PluginRegistry plugins = Sam.registry(ProfilePlugin.usual());
        Sam without14 = new Sam(form, Sam.SERIAL, Command.keys(), plugins,
                new ChannelState(null, null, ready.incomingChallenge(), false));
        Sam without86 = new Sam(form, Sam.SERIAL, Command.keys(), plugins,
                new ChannelState(ready.diversifier(), null, null, false));
        assertThat(without14.send(command.apdu())).isEqualTo("6985");
        assertThat(without86.status(command.apdu())).isEqualTo(needsRandom ? "6985" : "9000");
        assertThat(without14.keys.uses).isEmpty();
        if (needsRandom) {
            assertThat(without86.keys.uses).isEmpty();
            command.run(without86.ok("86 00 00 08" + Command.CHALLENGE));
            assertThat(without86.send(command.apdu())).as("one challenge serves one command").isEqualTo("6985");
        }
    }

    /** Every key that a command reads: those that it counts, and those that it does not. */
    private static List<Integer> keysOf(Command command) {
        List<Integer> keys = new ArrayList<>(command.counted());
        String ins = command.header().substring(0, 2);
        if (command == Command.VERIFY_SIGNATURE || ins.equals("16") && command.name().startsWith("GENERATE")) {
            keys.add(command == Command.GENERATE_SYSTEM_KEY ? 0xC2 : 0x28);
        }
        return keys;
    }

    /** Spoils the keys, sends the command, and puts the keys right again. */
    private static void refuseWith(Command command, SamForm form, UnaryOperator<TestGroup> spoil, String status) {
        Sam sam = command.enter(form);
        sam.keys.uses.clear();
        spoil.apply(sam.keys);
        assertThat(sam.send(command.apdu())).isEqualTo(status);
        assertThat(sam.keys.uses).isEmpty();
        sam.keys.become(Command.keys());
        command.run(sam);
        sam.runGoodSession();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void aKeyThatIsMissingOrInvalidatedOrOfAnotherVersion(SamForm form, Command command) {
        for (int key : keysOf(command)) {
            refuseWith(command, form, keys -> keys.without(key), "6A83");
            refuseWith(command, form, keys -> keys.invalidate(key), "6600");
            if (command.header().startsWith("16") && command.counted().contains(key)) {
                String otherKvc = command.header() + command.apdu().substring(6, 8) + "FE" + command.data().substring(2);
                refuse(command, form, otherKvc, "6A83");
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void withoutCipherEnableBitTheKeyIsRefused(SamForm form, Command command) {
        if (command.needsCipherEnable()) {
            refuseWith(command, form, keys -> keys.par(command.counted().get(0), 1, 0xFE), "6985");
        } else {
            TestGroup keys = Command.keys().par(0x28, 1, 0xFE);
            command.run(command.enter(Sam.of(form, keys)));
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void atTheCeilingOfAnyOfItsKeysACommandAnswers6900(SamForm form, Command command) {
        for (int key : command.counted()) {
            refuseWith(command, form, keys -> keys.block(key), "6900");
            // A counter that no SAM has is at its ceiling for ever.
            refuseWith(command, form, keys -> keys.par(key, 4, 0x1B), "6900");
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void withoutAPluginForItsKeyACommandAnswers6985(SamForm form, Command command) {
        for (int key : keysOf(command)) {
            boolean onlyRead = command.header().startsWith("16") && !command.counted().contains(key)
                    && command != Command.GENERATE_DIVERSIFIED_KEY;
            if (!onlyRead) {
                String status = command.name().startsWith("CARD_GENERATE_KEY") && command.counted().size() > 1 ? "6A80" : "6985";
                refuseWith(command, form, keys -> keys.alg(key, 0x77), status);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void keysWithoutTransferSealAndOpenNothing(SamForm form) {
        for (Command command : Command.of(form)) {
            if (command.header().startsWith("16") || command.isDynamicWrite() || command.isStaticWrite()) {
                refuseWith(command, form, keys -> keys.alg(command.counted().get(0), 0x20), "6985");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        // unknown format of a card key; a null key under the null key; keys of two algorithms
        "CARD_GENERATE_KEY; 12 FF FF 05 2149 3049 91; 6A80",
        "CARD_GENERATE_KEY; 12 FF FF 05 2149 3049 80; 6A80",
        "CARD_GENERATE_KEY; 12 FF FF 05 2149 3059 90; 6A80",
        "CARD_GENERATE_KEY; 12 FF FF 05 2148 3049 90; 6A83",
        "CARD_GENERATE_KEY; 12 FF FF 05 2149 3048 90; 6A83",
        "CARD_GENERATE_KEY; 12 FF FF 05 0000 3049 90; 6A83",
        "CARD_GENERATE_KEY; 12 FF FF 05 E1FF 3049 90; 6A83",
        "CARD_GENERATE_KEY_UNDER_NULL_KEY; 12 FF 00 03 0000 90; 6A80",
        "CARD_GENERATE_KEY_UNDER_NULL_KEY; 12 FF 00 03 3049 01; 6A80",
        "CARD_GENERATE_KEY_UNDER_NULL_KEY; 12 FF 00 03 FAFF 90; 6A83",
        "CIPHER_PIN; 12 80 FF 06 3048 31323334; 6A83",
        "CIPHER_PIN; 12 80 FF 06 E1FF 31323334; 6A83",
        // a data cipher of another length, by an AES key, of a missing key
        "DATA_CIPHER; 1C 40 00 09 3049 01020304050607; 6700",
        "DATA_CIPHER; 1C 40 00 06 3049 01020304; 6700",
        "DATA_CIPHER; 1C 40 00 02 3049; 6700",
        "DATA_CIPHER; 1C 40 00 0A 3059 0102030405060708; 6985",
        "DATA_CIPHER; 1C 40 00 0A 3048 0102030405060708; 6A83",
        "DATA_CIPHER; 1C 40 00 0A E1FF 0102030405060708; 6A83",
        "MAC_COMPUTE; 8F 00 00 02 3049; 6700",
        "MAC_COMPUTE; 8F 00 00 03 3048 00; 6A83",
        // PSO: no FF, modes that there are not, lengths of the signature, what is too short
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FE 3049 03 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 00 3049 03 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 00 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 09 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 0F 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 13 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 93 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 23 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3049 A3 010203; 6A80",
        "COMPUTE_SIGNATURE; 2A 9E 9A 04 FF 3049 03; 6700",
        "COMPUTE_SIGNATURE; 2A 9E 9A 03 FF 3049; 6700",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FF 3048 03 010203; 6A83",
        "COMPUTE_SIGNATURE; 2A 9E 9A 07 FE 3048 03 010203; 6A80",
        "COMPUTE_TRACEABLE; 2A 9E 9A 06 FF 3049 63 0000; 6700",
        "COMPUTE_TRACEABLE; 2A 9E 9A 05 FF 3049 63 00; 6700",
        "COMPUTE_TRACEABLE; 2A 9E 9A 0C FF 3049 63 0000 010203040506; 6A80",
        "COMPUTE_TRACEABLE; 2A 9E 9A 0D FF 3049 63 0001 01020304050607; 6A80",
        "COMPUTE_TRACEABLE; 2A 9E 9A 0C FF 3049 43 0001 010203040506; 6A80",
        "COMPUTE_TRACEABLE; 2A 9E 9A 0D FF 3049 63 FFFF 01020304050607; 6A80",
        "COMPUTE_TRACEABLE; 2A 9E 9A 0D FF 3049 73 0000 01020304050607; 6A80",
        "VERIFY_SIGNATURE; 2A 00 A8 08 FF 3049 84 01020304; 6700",
        "VERIFY_SIGNATURE; 2A 00 A8 04 FF 3049 84; 6700",
        "VERIFY_SIGNATURE; 2A 00 A8 0B FE 3049 84 01020304050607; 6A80",
        "VERIFY_SIGNATURE; 2A 00 A8 0B FF 3049 80 01020304050607; 6A80",
        "VERIFY_SIGNATURE; 2A 00 A8 0B FF 3049 24 01020304050607; 6A80",
        "VERIFY_SIGNATURE; 2A 00 A8 0B FF 3048 84 01020304050607; 6A83",
        "VERIFY_SIGNATURE; 2A 00 A8 0B FF 3049 04 01020304050607; 6988",
        "VERIFY_SIGNATURE; 2A 00 A8 0C FF 3049 41 0000 010203040506; 6A80",
        // commands for public keys are unknown, whatever their shape
        "COMPUTE_SIGNATURE; 2A EE AC 03 DF253F; 6D00",
        "COMPUTE_SIGNATURE; 2A EE AC 04 DF253F; 6D00",
        "COMPUTE_SIGNATURE; 46 80 00 0A 06082A8648CE3D030107; 6D00",
        "COMPUTE_SIGNATURE; CA DF 43 FF; 6D00",
        // nothing is ever left to fetch
        "COMPUTE_SIGNATURE; C0 00 00 08; 6985",
        "COMPUTE_SIGNATURE; C0 00 00; 6985",
        // a source that there is not
        "GENERATE_WORK_KEY; 16 00 F0 0D FF 3048 01000000000000000000; 6A83",
        "GENERATE_WORK_KEY; 16 00 F0 0D FF FDFF 01000000000000000000; 6A83",
        "GENERATE_LOCK; 16 00 E0 0D FF EF01 00000000008000000000; 6A83",
        "GENERATE_LOCK; 16 00 E0 0D FF E1FF 00000000008000000000; 6A83",
        "GENERATE_SYSTEM_KEY; 16 00 C0 0D FF FDFE 01000000000000000000; 6A83",
        // the length of the other command behind the same instruction
        "GENERATE_WORK_KEY; 16 00 F0 15 FF 3049 01000000000000000000 0102030405060708; 6700",
        "GENERATE_WORK_KEY; 16 00 F0 1E FF 3049 010000000000000000000102030405060708090A0B0C0D0E0F1011; 6700",
        "SEAL_PARAMETERS; 16 00 A0 0D FF 3049 01000000000000000000; 6700",
    })
    void whatIsWrongInTheData(Command command, String apdu, String status) {
        for (SamForm form : SamForm.values()) {
            refuse(command, form, apdu, status);
        }
    }

    @Test
    void theLongestMessagesAreTakenAndLongerOnesAreNot() {
        Sam sam = Sam.of(SamForm.S1D, Command.keys()).withCard();
        sam.okData("1C 40 00 D2 3049" + "5A".repeat(208), 8);
        sam.okData("2A 9E 9A D4 FF 3049 08" + "5A".repeat(208), 8);
        sam.okData("2A 9E 9A D4 FF 3049 68 0000" + "5A".repeat(206), 206 + 8);
        sam.okData("8F 00 00 FF 3049" + "5A".repeat(253), 8);
        assertThat(sam.send("1C 40 00 DA 3049" + "5A".repeat(216))).isEqualTo("6700");
        assertThat(sam.send("2A 9E 9A D5 FF 3049 08" + "5A".repeat(209))).isEqualTo("6700");
        assertThat(sam.send("2A 9E 9A D5 FF 3049 68 0000" + "5A".repeat(207))).isEqualTo("6700");
        String message = "5A".repeat(208);
        sam.ok("2A 00 A8 DC FF 3049 08" + message + Blocks.sign(message, 8));
        assertThat(sam.send("2A 00 A8 DD FF 3049 08" + message + "5A" + Blocks.sign(message + "5A", 8))).isEqualTo("6700");
    }

    @ParameterizedTest
    @EnumSource
    void withoutDataCipherEnableBitDataCipherAloneIsRefused(SamForm form) {
        refuseWith(Command.DATA_CIPHER, form, keys -> keys.par(0x28, 5, 0xFE), "6985");
        TestGroup keys = Command.keys().par(0x28, 5, 0);
        for (Command command : List.of(Command.MAC_COMPUTE, Command.COMPUTE_SIGNATURE, Command.CIPHER_PIN)) {
            command.run(command.enter(Sam.of(form, keys)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSourceOfACardKeyIsNotCountedWhenTheCipheringKeyCannotBe(SamForm form) {
        // Both use counter 3, which has room for one of them only.
        refuseWith(Command.CARD_GENERATE_KEY, form, keys -> keys.count(0x26, 3, 4, 5).par(0x28, 4, 3), "6900");
        TestGroup keys = Command.keys().count(0x26, 3, 4, 6).par(0x28, 4, 3);
        Command.CARD_GENERATE_KEY.run(Command.CARD_GENERATE_KEY.enter(Sam.of(form, keys)));
        assertThat(keys.eventCounter(3)).isEqualTo(6);
    }

    @Test
    void theNullKeyIsASourceWithoutCounterAndOfTheAlgorithmOfTheCipheringKey() {
        for (int alg : ProfilePlugin.ALGS) {
            Sam sam = Sam.of(SamForm.HSM_C1).withCard();
            sam.okData("12 FF FF 05 21" + Hex.text(alg + 9) + "0000 90", 32);
            assertThat(sam.keys.uses).hasSize(1).containsEntry(sam.keys.workKey(0x21, alg + 9).reference(), 1);
        }
    }

    @Test
    void extendedStoredValueIsForFormsAndKeysThatHaveExtendedMode() {
        for (SamForm form : new SamForm[] {SamForm.S1D, SamForm.S1E1}) {
            Sam sam = Sam.of(form).withCard();
            assertThat(sam.send(Command.SV_PREPARE_LOAD_EXTENDED.apdu())).isEqualTo("6700");
            assertThat(sam.send(Command.SV_PREPARE_DEBIT_EXTENDED.apdu())).isEqualTo("6700");
        }
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        assertThat(sam.send("56 01 FF 52" + Blocks.storedValue(0xB8, true, 0x49))).isEqualTo("6985");
        assertThat(sam.send("56 01 FF 36" + Blocks.storedValue(0xB8, false, 0x59))).isEqualTo("6985");
        assertThat(sam.keys.uses).isEmpty();
        assertThat(sam.keys.transactionNumber()).as("no transaction number is spent").isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"SV_PREPARE_LOAD", "SV_PREPARE_DEBIT", "SV_PREPARE_UNDEBIT", "SV_PREPARE_LOAD_EXTENDED",
        "SV_PREPARE_DEBIT_EXTENDED", "SV_PREPARE_UNDEBIT_EXTENDED"})
    void eachByteOfAnSvPrepareThatMustBeAsItIs(Command command) {
        byte[] data = Hex.bytes(command.data());
        int partial = command.header().startsWith("56") ? 15 : 12;
        int kvcAt = command.isExtended() ? 12 : 4;
        List<Integer> fixed = List.of(0, data.length - partial - 2, data.length - partial - 1, data.length - partial,
                data.length - partial + 3);
        for (int i = 0; i < data.length; i++) {
            byte[] wrong = data.clone();
            wrong[i] ^= 0x01;
            String expected = fixed.contains(i) ? "6A80" : i == kvcAt ? "6A83" : "9000";
            Sam sam = command.enter(SamForm.HSM_C1);
            assertThat(sam.status(command.header() + Hex.text(data.length) + Hex.text(wrong))).as("byte %d", i).isEqualTo(expected);
            assertThat(sam.keys.transactionNumber()).isEqualTo(expected.equals("9000") ? 1 : 0);
        }
    }

    @Test
    void aKeyAtItsCeilingCostsNoTransactionNumber() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().block(0x2A)).withCard();
        assertThat(sam.send(Command.SV_PREPARE_LOAD.apdu())).isEqualTo("6900");
        assertThat(sam.keys.transactionNumber()).isZero();
        assertThat(sam.sam.idleState()).as("nothing is pending").isNotNull();
    }

    @Test
    void everyInstructionHasItsTableOfWrongP1P2() {
        assertThat(Arrays.stream(Command.values()).map(command -> command.header().substring(0, 2)).distinct())
                .containsExactlyInAnyOrderElementsOf(WRONG_P1P2.keySet());
        assertThat(KeyValue.LENGTH).isEqualTo(Blocks.VALUE.length() / 2);
    }
}
