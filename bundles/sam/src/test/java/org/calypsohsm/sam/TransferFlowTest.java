package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes from a control SAM to a target SAM, dynamic and static. Source: sam-s1-apdu.md sections 5.20 to 5.23, 6.3 and 6.4. */
class TransferFlowTest {

    private static final int CONTROL_SERIAL = 0x0A0B0C0D;
    private static final String TARGET_SERIAL = "C0FFEE01";
    private static final KeyValue SOURCE = KeyValue.copyOf(Hex.bytes(Blocks.VALUE));
    private static final String PARAMETERS = "010203040506" + "00000000";
    private static final String VALUE = Blocks.VALUE;

    private final TestGroup controlKeys = TestGroup.full().put(0x11, 0x42, 0x05, 0x50, SOURCE);
    private final TestGroup targetKeys = TestGroup.full();
    private final PluginRegistry plugins = Sam.registry(ProfilePlugin.usual());
    private final Sam control = new Sam(SamForm.S1E1, CONTROL_SERIAL, controlKeys, plugins, ChannelState.AFTER_RESET);
    private final Sam target = new Sam(SamForm.HSM_C1, Sam.SERIAL, targetKeys, plugins, ChannelState.AFTER_RESET);

    /** The control SAM's answer for a challenge. */
    private String seal(String challenge, String command) {
        return control.ok("14 00 00 04" + TARGET_SERIAL).ok("86 00 00 08" + challenge).answer(command);
    }

    /** The control SAM's answer for a new challenge of the target. */
    private String seal(String command) {
        return seal(target.answer("84 00 00 08"), command);
    }

    private static String staticChallenge(int counter) {
        return String.format("0000000000%06X", counter);
    }

    @ParameterizedTest
    @ValueSource(strings = {TARGET_SERIAL, "00000000" + TARGET_SERIAL})
    void aWorkKeyGoesIntoTheFirstFreeRecord(String diversifier) {
        String challenge = target.answer("84 00 00 08");
        control.ok("14 00 00" + Hex.text(diversifier.length() / 2) + diversifier).ok("86 00 00 08" + challenge);
        String block = control.answer("16 00 F0 0D FF 4205" + PARAMETERS);
        target.ok("1A 00 F0 30" + block);

        SamKey key = targetKeys.workKey(0x42, 0x05);
        assertThat(key.reference()).as("01 and 02 are used").isEqualTo(0x03);
        assertThat(key.value()).isEqualTo(SOURCE);
        assertThat(target.answer("BC 00 03 02 0000").substring(16, 42)).isEqualTo("420550" + PARAMETERS);
        target.withCard();
        String pin = Hex.text(ReferenceProfile.AES_CMAC.diversify(SOURCE, Hex.bytes(Sam.DIVERSIFIER))
                .cipherPin(Hex.bytes(Sam.CARD_CHALLENGE), Hex.bytes("31323334")));
        targetKeys.par(0x03, 4, 0);
        assertThat(target.answer("12 80 FF 06 4205 31323334")).isEqualTo(pin);
        assertThat(controlKeys.uses).containsExactly(Map.entry(0xC2, 1));
        assertThat(targetKeys.uses).containsEntry(0xC2, 1).containsEntry(0x03, 1);
    }

    @Test
    void aWorkKeyGoesIntoTheRecordThatIsNamed() {
        target.ok("1A 00 7E 30" + seal("16 00 7E 0D FF 4205" + PARAMETERS));
        assertThat(targetKeys.workKeyAt(0x7E).value()).isEqualTo(SOURCE);
        assertThat(targetKeys.workKeyAt(0x7E).alg()).isEqualTo(0x50);
        assertThat(target.send("1A 00 7E 30" + seal("16 00 7E 0D FF 3049" + PARAMETERS))).as("it is used now").isEqualTo("6985");
    }

    @Test
    void aKeyIsDiversifiedForTheTargetByTheDataOrByTheSelectedDiversifier() {
        String byData = "0102030405060708";
        target.ok("1A 00 F0 30" + seal("16 01 F0 15 FF 4205" + PARAMETERS + byData));
        assertThat(targetKeys.workKeyAt(0x03).value())
                .isEqualTo(ReferenceProfile.AES_CMAC.diversify(SOURCE, Hex.bytes(byData)).revealKey());
        targetKeys.without(0x03);
        target.ok("1A 00 F0 30" + seal("16 01 F0 0D FF 4205" + PARAMETERS));
        assertThat(targetKeys.workKeyAt(0x03).value())
                .isEqualTo(ReferenceProfile.AES_CMAC.diversify(SOURCE, Hex.bytes(TARGET_SERIAL)).revealKey());
    }

    @ParameterizedTest
    @EnumSource
    void eachSystemKeyTakesThePlaceOfTheOneBefore(SystemKeyType type) {
        controlKeys.put(0x12, type.kif(), 0x02, 0x40, SOURCE);
        String kif = Hex.text(type.kif());
        target.ok("1A 00 C0 30" + seal("16 00 C0 0D FF" + kif + "02" + PARAMETERS));
        SamKey written = targetKeys.systemKey(type);
        assertThat(written.kvc()).isEqualTo(0x02);
        assertThat(written.value()).isEqualTo(SOURCE);
        assertThat(written.parameter(6)).isEqualTo(0x06);
        assertThat(targetKeys.uses).containsExactly(Map.entry(0xC1, 1));
        if (type == SystemKeyType.PERSONALIZATION) {
            assertThat(target.send("D8 00 A0 30" + seal("16 00 A0 1E FF" + Blocks.SAM_PARAMETERS)))
                    .as("the key before is gone").isIn("6A80", "6988");
        }
    }

    @Test
    void theControlSamHandsOnItsOwnSystemKeyAsSystemKeyOnly() {
        targetKeys.put(0xC2, 0xFD, 0x77, 0x40, SOURCE);
        target.ok("1A 00 C0 30" + seal("16 00 C0 0D FF FDFF" + PARAMETERS));
        assertThat(targetKeys.systemKey(SystemKeyType.KEY_MANAGEMENT).value()).isEqualTo(TestKeys.value(0, 0xFD, 0xFF));
        for (String other : List.of("F0", "7E", "E0")) {
            control.ok("86 00 00 08" + Command.CHALLENGE);
            assertThat(control.send("16 00" + other + "0D FF FDFF" + PARAMETERS)).isEqualTo("6A83");
        }
    }

    @Test
    void aLockOfTheControlSamOrOfItsWorkKeys() {
        String lockParameters = "0000000000 80 00000000";
        controlKeys.lock(0x00, Hex.bytes(Blocks.VALUE));
        target.ok("1A 00 E0 30" + seal("16 00 E0 0D FF EF01" + lockParameters));
        assertThat(Hex.text(targetKeys.lockFile())).isEqualTo(Blocks.LOCK);
        assertThat(target.answer("BC 00 E0 02 0000").substring(16, 42)).isEqualTo(Blocks.LOCK.substring(0, 26));

        target.ok("1A 00 E0 30" + seal("16 00 E0 0D FF 4205" + lockParameters));
        assertThat(Hex.text(targetKeys.lockFile())).as("its index is the KVC of the source")
                .isEqualTo("EF05" + Blocks.LOCK.substring(4));

        controlKeys.put(0x12, 0xEF, 0x02, 0x30, TestKeys.value(0, 1, 1));
        target.ok("1A 00 E0 30" + seal("16 00 E0 0D FF EF02" + lockParameters));
        assertThat(Hex.text(targetKeys.lockFile())).startsWith("EF02")
                .endsWith(Hex.text(TestKeys.value(0, 1, 1).revealKeyBytes()));
        assertThat(target.sam.idleState().unlocked()).as("a SAM in its place need not be unlocked").isTrue();
        target.runGoodSession();
    }

    @Test
    void aLockIsDiversifiedWithTheAlgorithmOfItsSource() {
        String lockParameters = "0000000000 80 00000000";
        controlKeys.lock(0x80, Hex.bytes(Blocks.VALUE));
        byte[] serial = Hex.bytes(TARGET_SERIAL);
        for (Map.Entry<String, ReferenceProfile> source : Map.of("EF01", ReferenceProfile.TDES_CBC,
                "4205", ReferenceProfile.AES_CMAC).entrySet()) {
            target.ok("1A 00 E0 30" + seal("16 01 E0 0D FF" + source.getKey() + lockParameters));
            assertThat(Arrays.copyOfRange(targetKeys.lockFile(), 13, 29))
                    .isEqualTo(source.getValue().diversify(SOURCE, serial).revealKey().revealKeyBytes());
        }
    }

    @Test
    void parametersAreWrittenAndReadBack() {
        target.ok("D8 00 A0 30" + seal("16 00 A0 1E FF" + Blocks.SAM_PARAMETERS));
        assertThat(target.answer("BE 00 A0 00").substring(16, 74)).isEqualTo(Blocks.SAM_PARAMETERS);
        assertThat(targetKeys.uses).containsEntry(0xC1, 1).doesNotContainKeys(0xC2, 0xC3);
        assertThat(controlKeys.uses).containsExactly(Map.entry(0xC1, 1));
    }

    @Test
    void ceilingsAreWrittenAndReadBack() {
        for (int record = 0; record < 3; record++) {
            String reference = Hex.text(0xB1 + record);
            target.ok("D8 00" + reference + "30" + seal("16 00" + reference + "1E FF" + Blocks.CEILINGS));
            assertThat(target.answer("BE 00" + reference + "00").substring(16, 74)).isEqualTo(Blocks.CEILINGS);
            for (int slot = 0; slot < 9; slot++) {
                assertThat(targetKeys.ceiling(9 * record + slot)).isEqualTo(slot == 8 ? 0xFFFFFA : slot + 1);
                assertThat(targetKeys.isFree(9 * record + slot)).isEqualTo(slot == 0 || slot == 8);
            }
        }
        for (int number = 0; number < 27; number++) {
            String single = Hex.text(number) + "0A0B0C" + "00".repeat(25);
            boolean free = targetKeys.isFree(number);
            target.ok("D8 00 B8 30" + seal("16 00 B8 1E FF" + single));
            assertThat(targetKeys.ceiling(number)).isEqualTo(0x0A0B0C);
            assertThat(targetKeys.isFree(number)).as("a single ceiling leaves the flag").isEqualTo(free);
            assertThat(target.answer("BE" + Hex.text(number) + "B8 00").substring(16, 74)).isEqualTo(single);
        }
        assertThat(targetKeys.uses).containsEntry(0xC3, 30);
    }

    @Test
    void staticWritesFollowTheCounterOfTheTarget() {
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE).count(0xC3, 7, 0x00FFFE, 0xFFFFFA);
        List<String> blocks = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String ceiling = "0" + (i + 1) + "00010" + i + "00".repeat(25);
            blocks.add(seal(staticChallenge(0x00FFFE + i), "16 00 B8 1E FF" + ceiling));
        }
        assertThat(target.send("D8 08 B8 30" + blocks.get(1))).as("its turn has not come").isEqualTo("6988");
        assertThat(targetKeys.eventCounter(7)).as("a wrong block spoils nothing").isEqualTo(0x00FFFE);
        for (int i = 0; i < 5; i++) {
            target.ok("D8 08 B8 30" + blocks.get(i));
            assertThat(targetKeys.eventCounter(7)).isEqualTo(0x00FFFF + i);
            assertThat(targetKeys.ceiling(i + 1)).isEqualTo(0x100 + i);
            assertThat(target.send("D8 08 B8 30" + blocks.get(i))).as("no second time").isEqualTo("6988");
        }
        // A dynamic write counts as well, so the series ends.
        String next = seal(staticChallenge(0x010003), "16 00 B8 1E FF" + Blocks.CEILING);
        target.ok("D8 00 B8 30" + seal("16 00 B8 1E FF" + Blocks.CEILING));
        assertThat(target.send("D8 08 B8 30" + next)).isEqualTo("6988");
        target.ok("D8 08 B8 30" + seal(staticChallenge(0x010004), "16 00 B8 1E FF" + Blocks.CEILING));
        assertThat(target.sam.idleState().outgoingChallenge()).isNull();
    }

    @Test
    void everyKindOfWriteIsPossibleInStaticModeAndSpendsNoChallenge() {
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE).count(0xC1, 1, 3, 100).count(0xC2, 2, 200, 300);
        target.okData("84 00 00 08", 8);
        target.ok("1A 08 F0 30" + seal(staticChallenge(200), "16 00 F0 0D FF 4205" + PARAMETERS));
        target.ok("1A 08 E0 30" + seal(staticChallenge(3), "16 00 E0 0D FF 4205 00000000000000000000"));
        controlKeys.put(0x12, 0xE7, 0x02, 0x40, SOURCE);
        target.ok("1A 08 C0 30" + seal(staticChallenge(4), "16 00 C0 0D FF E702" + PARAMETERS));
        target.ok("D8 08 A0 30" + seal(staticChallenge(5), "16 00 A0 1E FF" + Blocks.SAM_PARAMETERS));
        assertThat(targetKeys.eventCounter(1)).isEqualTo(6);
        assertThat(targetKeys.eventCounter(2)).isEqualTo(201);
        assertThat(target.sam.idleState().outgoingChallenge()).hasSize(8);
    }

    @Test
    void withoutACounterTheStaticChallengeIsZero() {
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE);
        String block = seal(staticChallenge(0), "16 00 B1 1E FF" + Blocks.CEILINGS);
        target.ok("D8 08 B1 30" + block).ok("D8 08 B1 30" + block);
        assertThat(target.send("D8 08 B1 30" + seal(staticChallenge(1), "16 00 B1 1E FF" + Blocks.CEILINGS))).isEqualTo("6988");
    }

    @Test
    void aStaticSeriesGoesOnBehindABlockThatIsAuthenticButRefused() {
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE).count(0xC2, 2, 5, 100);
        String there = seal(staticChallenge(5), "16 00 F0 0D FF 3049" + PARAMETERS);
        String next = seal(staticChallenge(6), "16 00 F0 0D FF 4205" + PARAMETERS);
        assertThat(target.send("1A 08 F0 30" + there)).isEqualTo("6A80");
        target.ok("1A 08 F0 30" + next);
    }

    @Test
    void aBlockServesItsTargetAndItsChallengeOnly() {
        String block = seal("16 00 B8 1E FF" + Blocks.CEILING);
        Sam other = new Sam(SamForm.HSM_C1, Sam.SERIAL + 1, TestGroup.full(), plugins, target.sam.idleState());
        assertThat(other.send("D8 00 B8 30" + block)).isIn("6A80", "6988");
        Sam same = new Sam(SamForm.HSM_C1, Sam.SERIAL, TestGroup.full(), plugins, target.sam.idleState());
        same.ok("D8 00 B8 30" + block);
        target.okData("84 00 00 08", 8);
        assertThat(target.send("D8 00 B8 30" + block)).isEqualTo("6988");
        assertThat(targetKeys.uses).as("nothing is counted").isEmpty();
        assertThat(target.send("D8 00 B8 30" + block)).as("one challenge serves one attempt").isEqualTo("6985");
    }

    @Test
    void aChallengeServesOneWrite() {
        target.ok("D8 00 B8 30" + seal("16 00 B8 1E FF" + Blocks.CEILING));
        assertThat(target.sam.idleState().outgoingChallenge()).isNull();
        assertThat(target.send("1A 00 F0 30" + "5A".repeat(48))).isEqualTo("6985");
    }

    @Test
    void aChallengeOf4BytesIsTooShortForAWrite() {
        target.okData("84 00 00 04", 4);
        String block = Blocks.seal(SystemKeyType.RELOADING, "0101010100000000", Blocks.CEILING, "B8");
        assertThat(target.send("D8 00 B8 30" + block)).isEqualTo("6985");
    }

    @Test
    void aWriteThatIsRefusedBeforeItIsOpenedKeepsItsChallenge() {
        String block = seal("16 00 A0 1E FF" + Blocks.SAM_PARAMETERS);
        PluginRegistry none = Sam.emptyRegistry(0);
        Sam without = new Sam(SamForm.HSM_C1, Sam.SERIAL, targetKeys, none, target.sam.idleState());
        assertThat(without.send("D8 00 A0 30" + block)).isEqualTo("6985");
        none.add(ProfilePlugin.usual(), "test", Sam.order(1), ProfilePlugin.ALGS);
        targetKeys.enable(WriteCommands.SYSTEM_LOCK_ENABLE);
        assertThat(without.send("D8 00 A0 30" + block)).isEqualTo("6985");
        targetKeys.enable(0).count(0xC1, 4, 9, 9);
        assertThat(without.send("D8 00 A0 30" + block)).isEqualTo("6900");
        targetKeys.count(0xC1, 4, 9, 10);
        without.ok("D8 00 A0 30" + block);
    }

    /** A dynamic write of a record that the test seals itself, so that it may hold anything. */
    private String write(String header, SystemKeyType type, String record, String innerP2) {
        target.nextChallenge(Hex.bytes(Command.CHALLENGE)).okData("84 00 00 08", 8);
        return target.send(header + "30" + Blocks.seal(type, Command.CHALLENGE, record, innerP2));
    }

    @ParameterizedTest
    @CsvSource({
        // inner P2 is another
        "1A 00 F0, 7E, 420140 01000000000000000000", "1A 00 7E, F0, 420140 01000000000000000000",
        "1A 00 F0, 00, 420140 01000000000000000000",
        // unknown ALG
        "1A 00 F0, F0, 420100 01000000000000000000", "1A 00 F0, F0, 420177 01000000000000000000",
        // PAR7 to PAR10 are not zero
        "1A 00 F0, F0, 420140 01000000000001000000", "1A 00 F0, F0, 420140 01000000000000800000",
        "1A 00 F0, F0, 420140 01000000000000000100", "1A 00 F0, F0, 420140 01000000000000000001",
        // the key is there already
        "1A 00 F0, F0, 304940 01000000000000000000", "1A 00 7E, 7E, 304950 01000000000000000000",
    })
    void contentOfAWorkKeyThatIsRefused(String header, String innerP2, String record) {
        assertThat(write(header, SystemKeyType.KEY_MANAGEMENT, record.replace(" ", "") + VALUE, innerP2)).isEqualTo("6A80");
        assertThat(targetKeys.workKeyAt(0x03)).isNull();
        assertThat(targetKeys.workKeyAt(0x7E)).isNull();
        assertThat(write("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY, "F0")).isEqualTo("9000");
        target.runGoodSession();
    }

    @ParameterizedTest
    @CsvSource({
        // a KIF without b8, one that is no system key, the key is there, unknown ALG, PAR7 to PAR10, inner P2
        "C0, 610140 01000000000000000000", "C0, E20140 01000000000000000000", "C0, E1FF40 01000000000000000000",
        "C0, FDFF50 01000000000000000000", "C0, E10100 01000000000000000000", "C0, E10140 01000000000000000001",
        "C1, E10140 01000000000000000000", "F0, E10140 01000000000000000000",
    })
    void contentOfASystemKeyThatIsRefused(String innerP2, String record) {
        assertThat(write("1A 00 C0", SystemKeyType.PERSONALIZATION, record.replace(" ", "") + VALUE, innerP2)).isEqualTo("6A80");
        assertThat(targetKeys.systemKey(SystemKeyType.PERSONALIZATION).kvc()).isEqualTo(0xFF);
        assertThat(write("1A 00 C0", SystemKeyType.PERSONALIZATION, Blocks.SYSTEM_KEY, "C0")).isEqualTo("9000");
    }

    @ParameterizedTest
    @CsvSource({"E0, EE0100 00000000800000000000", "E0, 000100 00000000800000000000", "E0, EF0100 00000000800001000000",
        "E0, EF0100 00000000800000000001", "C0, EF0100 00000000800000000000"})
    void contentOfALockThatIsRefused(String innerP2, String record) {
        assertThat(write("1A 00 E0", SystemKeyType.PERSONALIZATION, record.replace(" ", "") + VALUE, innerP2)).isEqualTo("6A80");
        assertThat(targetKeys.lockFile()).containsOnly(0);
        assertThat(write("1A 00 E0", SystemKeyType.PERSONALIZATION, Blocks.LOCK, "E0")).isEqualTo("9000");
    }

    @ParameterizedTest
    @CsvSource({"B8, B8, 1B000100", "B8, B8, FF000100", "B8, B8, 05FFFFFB", "B8, B8, 05FFFFFF", "B8, B1, 05000100",
        "B1, B2, 00000000", "B2, B8, 00000000", "B1, B1, FFFFFB00", "A0, B1, 00000000", "A0, A1, 00000000"})
    void contentThatIsRefused(String p2, String innerP2, String start) {
        fail6A80(p2, innerP2, start + "00".repeat(25));
    }

    private void fail6A80(String p2, String innerP2, String record) {
        SystemKeyType type = p2.equals("A0") ? SystemKeyType.PERSONALIZATION : SystemKeyType.RELOADING;
        assertThat(write("D8 00" + p2, type, record, innerP2)).isEqualTo("6A80");
        assertThat(targetKeys.ceiling(5)).isEqualTo(0xFFFFFA);
        assertThat(targetKeys.ceiling(0)).isEqualTo(0xFFFFFA);
        assertThat(write("D8 00 B8", SystemKeyType.RELOADING, Blocks.CEILING, "B8")).isEqualTo("9000");
        assertThat(targetKeys.ceiling(5)).isEqualTo(0x100);
    }

    @Test
    void eachByteOfTheTailOfASingleCeilingMustBeZero() {
        for (int i = 4; i < 29; i++) {
            byte[] record = Hex.bytes(Blocks.CEILING);
            record[i] = (byte) 0x80;
            assertThat(write("D8 00 B8", SystemKeyType.RELOADING, Hex.text(record), "B8")).as("byte %d", i).isEqualTo("6A80");
        }
    }

    @Test
    void underADesxKeyNoCeilingOfARecordGrowsByMoreThan131071() {
        PluginRegistry desx = Sam.registry(new ProfilePlugin(Map.of(0x20, ReferenceProfile.TDES_CBC)));
        targetKeys.alg(0xC3, 0x20);
        for (int number = 0; number < 27; number++) {
            targetKeys.writeCeilings(number, new int[] {1000}, null);
        }
        for (int[] growth : new int[][] {{131_071, 0x9000}, {131_072, 0x6A80}, {-1000, 0x9000}}) {
            for (int slot = 0; slot < 9; slot++) {
                targetKeys.writeCeilings(9 + slot, new int[] {1000}, null);
                byte[] record = new byte[29];
                System.arraycopy(Responses.bytes(1000 + growth[0]), 1, record, 3 * slot, 3);
                Sam sam = new Sam(SamForm.HSM_C1, Sam.SERIAL, targetKeys, desx, ChannelState.AFTER_RESET);
                sam.nextChallenge(Hex.bytes(Command.CHALLENGE)).okData("84 00 00 08", 8);
                String block = Blocks.seal(SystemKeyType.RELOADING, Command.CHALLENGE, Hex.text(record), "B2");
                assertThat(sam.send("D8 00 B2 30" + block)).isEqualTo(Integer.toHexString(growth[1]).toUpperCase());
            }
        }
        // A single ceiling may grow by more.
        Sam sam = new Sam(SamForm.HSM_C1, Sam.SERIAL, targetKeys, desx, ChannelState.AFTER_RESET);
        sam.nextChallenge(Hex.bytes(Command.CHALLENGE)).okData("84 00 00 08", 8);
        sam.ok("D8 00 B8 30" + Blocks.seal(SystemKeyType.RELOADING, Command.CHALLENGE, "05FFFFFA" + "00".repeat(25), "B8"));
    }

    @ParameterizedTest
    @CsvSource({
        // PAR6 must be 81 to 87 for a transfer with control; the record that it names is always empty
        "1A 00 F0, 00, 6A80", "1A 00 F0, 80, 6A80", "1A 00 F0, 88, 6A80", "1A 00 7E, 01, 6A80", "1A 00 F0, 81, 6A83",
        "1A 00 7E, 87, 6A83",
    })
    void aTransferUnderControlFindsNoRecord(String header, String par6, String status) {
        String record = "4201400100000000" + par6 + "00000000" + VALUE;
        target.nextChallenge(Hex.bytes(Command.CHALLENGE)).okData("84 00 00 08", 8);
        String block = Blocks.seal(SystemKeyType.KEY_MANAGEMENT, Command.CHALLENGE, record, header.substring(6));
        assertThat(target.send(header + "50" + block + "5A".repeat(32))).isEqualTo(status);
        assertThat(targetKeys.workKey(0x42, 0x01)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1A 80 F0", "1A C0 7E", "1A 80 E0", "1A 00 E0", "1A 00 C0"})
    void aTransferUnderControlIsForSealedWorkKeys(String header) {
        target.okData("84 00 00 08", 8);
        assertThat(target.send(header + "50" + "5A".repeat(80))).isEqualTo("6A87");
    }

    @Test
    void theEnableBitsLockSystemKeysAndWorkKeys() {
        targetKeys.enable(WriteCommands.SYSTEM_LOCK_ENABLE);
        assertThat(write("1A 00 C0", SystemKeyType.PERSONALIZATION, Blocks.SYSTEM_KEY, "C0")).isEqualTo("6985");
        assertThat(write("D8 00 A0", SystemKeyType.PERSONALIZATION, Blocks.SAM_PARAMETERS, "A0")).isEqualTo("6985");
        for (String kif : List.of("E1", "FD")) {
            assertThat(write("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, kif + Blocks.WORK_KEY.substring(2), "F0")).isEqualTo("6A80");
        }
        for (String kif : List.of("E7", "FA", "42")) {
            assertThat(write("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, kif + Blocks.WORK_KEY.substring(2), "F0")).isEqualTo("9000");
        }
        assertThat(write("1A 00 E0", SystemKeyType.PERSONALIZATION, Blocks.LOCK, "E0")).isEqualTo("9000");
        assertThat(write("D8 00 B8", SystemKeyType.RELOADING, Blocks.CEILING, "B8")).isEqualTo("9000");

        targetKeys.enable(WriteCommands.WORK_KEYS_LOCK_ENABLE | WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE);
        assertThat(write("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, "430140" + Blocks.PARAMETERS + VALUE, "F0")).isEqualTo("6985");
        assertThat(target.send("1A 80 F0 30" + Blocks.plain("430140" + Blocks.PARAMETERS + VALUE, "F0"))).isEqualTo("6985");
        assertThat(write("1A 00 C0", SystemKeyType.PERSONALIZATION, Blocks.SYSTEM_KEY, "C0")).isEqualTo("9000");
        assertThat(targetKeys.workKey(0x43, 0x01)).isNull();
    }

    @Test
    void withoutItsEnableBitStaticModeIsRefused() {
        targetKeys.enable(0xFF & ~WriteCommands.STATIC_CIPHER_ENABLE & ~WriteCommands.SYSTEM_LOCK_ENABLE
                & ~WriteCommands.WORK_KEYS_LOCK_ENABLE);
        for (Command command : List.of(Command.WRITE_WORK_KEY_STATIC, Command.WRITE_CEILINGS_STATIC)) {
            assertThat(target.send(command.apdu())).isEqualTo("6985");
        }
        assertThat(targetKeys.uses).isEmpty();
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE);
        Command.WRITE_WORK_KEY_STATIC.run(target);
        Command.WRITE_CEILINGS_STATIC.run(target);
    }

    @ParameterizedTest
    @ValueSource(strings = {"40", "48"})
    void randomBitOfAWriteOfDataAnswers6985(String p1) {
        targetKeys.enable(WriteCommands.STATIC_CIPHER_ENABLE);
        for (String p2 : List.of("A0", "B1", "B8")) {
            String challenge = target.answer("84 00 00 08");
            assertThat(target.send("D8" + p1 + p2 + "30" + "5A".repeat(48))).isEqualTo("6985");
            assertThat(Hex.text(target.sam.idleState().outgoingChallenge())).isEqualTo(challenge);
        }
    }

    @Test
    void plainWorkKeysNeedTheirEnableBit() {
        String block = Blocks.plain(Blocks.WORK_KEY, "F0");
        assertThat(target.send("1A 80 F0 30" + block)).isEqualTo("6985");
        targetKeys.enable(WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE);
        target.ok("1A 80 F0 30" + block);
        assertThat(targetKeys.workKeyAt(0x03).value()).isEqualTo(SOURCE);
        assertThat(targetKeys.uses).as("no key protects it").isEmpty();
        assertThat(target.send("1A 80 F0 30" + block)).as("it is there").isEqualTo("6A80");
        assertThat(target.send("1A 80 7E 30" + block)).as("inner P2").isEqualTo("6A80");
        String par10 = Blocks.plain("430140" + "01000000000001020304" + VALUE, "7E");
        target.ok("1A 80 7E 30" + par10);
        assertThat(targetKeys.workKeyAt(0x7E).parameter(10)).as("PAR7 to PAR10 are free in plain").isEqualTo(4);
        assertThat(target.send("1A 80 7D 30" + Blocks.plain("440177" + Blocks.PARAMETERS + VALUE, "7D"))).isEqualTo("6A80");
        String padding = Blocks.plain("440140" + Blocks.PARAMETERS + VALUE, "7D").replace("800000", "000000");
        assertThat(target.send("1A 80 7D 30" + padding)).isEqualTo("6A80");
    }

    @Test
    void aKeyCanBeDrawnByTheSam() {
        targetKeys.enable(WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE);
        byte[] drawn = Hex.bytes("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF");
        target.nextChallenge(drawn).ok("1A C0 F0 30" + Blocks.plain(Blocks.WORK_KEY, "F0"));
        assertThat(targetKeys.workKeyAt(0x03).value()).isEqualTo(KeyValue.copyOf(drawn));
        assertThat(targetKeys.workKeyAt(0x03).kif()).isEqualTo(0x42);
        target.ok("1A C0 7E 30" + Blocks.plain("43" + Blocks.WORK_KEY.substring(2), "7E"));
        assertThat(targetKeys.workKeyAt(0x7E).value()).isNotEqualTo(KeyValue.copyOf(drawn)).isNotEqualTo(SOURCE);
    }

    @Test
    void aFullKeyFileTakesNoMore() {
        targetKeys.enable(WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE);
        for (int record = 1; record <= 0x7E; record++) {
            targetKeys.put(record, 0x50, record, 0x40, SOURCE);
        }
        assertThat(write("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY, "F0")).isEqualTo("6985");
        assertThat(target.send("1A 80 F0 30" + Blocks.plain(Blocks.WORK_KEY, "F0"))).isEqualTo("6985");
        targetKeys.without(0x7E);
        target.ok("1A 80 F0 30" + Blocks.plain(Blocks.WORK_KEY, "F0"));
        assertThat(targetKeys.workKeyAt(0x7E).kif()).isEqualTo(0x42);
    }

    @Test
    void channelsOfAGroupThatWriteAtOnceLoseNoKey() throws Exception {
        targetKeys.enable(WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE).slowWrites(100_000);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> channels = new ArrayList<>();
            for (int channel = 0; channel < 4; channel++) {
                Sam sam = new Sam(SamForm.HSM_C1, channel, targetKeys, plugins, ChannelState.AFTER_RESET);
                String kif = Hex.text(0x60 + channel);
                channels.add(threads.submit(() -> {
                    for (int kvc = 1; kvc <= 25; kvc++) {
                        sam.ok("1A 80 F0 30" + Blocks.plain(kif + Hex.text(kvc) + "40" + Blocks.PARAMETERS + VALUE, "F0"));
                    }
                }));
            }
            for (Future<?> channel : channels) {
                channel.get();
            }
        } finally {
            threads.shutdownNow();
        }
        for (int kif = 0x60; kif < 0x64; kif++) {
            for (int kvc = 1; kvc <= 25; kvc++) {
                assertThat(targetKeys.workKey(kif, kvc)).isNotNull();
            }
        }
    }
}
