package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Read Key Parameters and Read Parameters. Source: sam-s1-apdu.md sections 4.6, 5.15 and 5.16. */
class ReadCommandsTest {

    private static final String NO_CHALLENGE = "00".repeat(8);
    private static final String NO_SIGNATURE = "00".repeat(8);
    private static final String AUTHENTICATION_KEY = "FAFF40";

    /** The answer that section 4.6 lays out, signed by the test authentication key. */
    private static String signed(String challenge, String record, String reference) {
        String rest = record + reference + "C0FFEE01" + AUTHENTICATION_KEY + "800000";
        byte[] signature = ReferenceProfile.TDES_CBC
                .diversify(TestKeys.value(0, SystemKeyType.AUTHENTICATION.kif(), TestKeys.SYSTEM_KVC), Hex.bytes("C0FFEE01"))
                .signRead(Hex.bytes(challenge), Hex.bytes(rest));
        return Hex.text(signature) + rest + "9000";
    }

    /** The readable bytes of a test key: PAR1 and PAR5 enable all uses. */
    private static String readable(String kifKvcAlg) {
        return kifKvcAlg + "01000000010000000000";
    }

    @ParameterizedTest
    @CsvSource({
        "0C, 0000, 212920", "28, 0000, 304940", "0D, 0000, 302920", "01, 0000, 012920",
        "C0, E100, E1FF40", "C0, FD00, FDFF40", "C0, E700, E7FF40", "C0, FA00, FAFF40",
        "C1, 0000, E1FF40", "C2, 0000, FDFF40", "C3, 0000, E7FF40", "C4, 0000, FAFF40",
        "F0, 3059, 305950", "F0, 2149, 214940", "F8, 2100, 212920", "FA, 2100, 212920",
    })
    void eachReferenceFindsItsKey(String p2, String id, String kifKvcAlg) {
        for (SamForm form : SamForm.values()) {
            Sam sam = Sam.of(form);
            assertThat(sam.send("BC 00" + p2 + "02" + id)).isEqualTo(signed(NO_CHALLENGE, readable(kifKvcAlg), p2));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "10", "20"})
    void leMayBeAbsentOrOneOfThree(String le) {
        assertThat(Sam.of(SamForm.HSM_C1).send("BC 00 C1 02 0000" + le))
                .isEqualTo(signed(NO_CHALLENGE, readable("E1FF40"), "C1"));
    }

    @Test
    void everyWorkKeyRecordIsReadable() {
        TestGroup keys = TestGroup.full();
        KeyValue value = TestKeys.value(0, 1, 1);
        for (int record = 1; record <= 0x7E; record++) {
            keys.put(record, 0x42, record, 0x40, value).par(record, 1, 0x01).par(record, 5, 0x01);
        }
        Sam sam = Sam.of(SamForm.HSM_C1, keys);
        for (int record = 1; record <= 0x7E; record++) {
            String found = "42" + Hex.text(record) + "40";
            assertThat(sam.send("BC 00" + Hex.text(record) + "02 0000"))
                    .isEqualTo(signed(NO_CHALLENGE, readable(found), Hex.text(record)));
            assertThat(sam.send("BC 00 F0 02 42" + Hex.text(record))).isEqualTo(signed(NO_CHALLENGE, readable(found), "F0"));
        }
    }

    @Test
    void firstAndNextWalkThroughAllKeysOfAKif() {
        Sam sam = Sam.of(SamForm.HSM_C1);
        for (int round = 0; round < 2; round++) {
            assertThat(sam.send("BC 00 F8 02 3000")).isEqualTo(signed(NO_CHALLENGE, readable("302920"), "F8"));
            for (String next : new String[] {"303930", "304940", "305950"}) {
                assertThat(sam.send("BC 00 FA 02 3000")).isEqualTo(signed(NO_CHALLENGE, readable(next), "FA"));
            }
            assertThat(sam.send("BC 00 FA 02 3000")).isEqualTo("6A83");
            assertThat(sam.send("BC 00 FA 02 3000")).as("and stays at the end").isEqualTo("6A83");
        }
    }

    @Test
    void allTenParametersOfTheKeyAreGivenAndNothingOfItsValue() {
        SamKey key = new SamKey(0x11, 0x44, 0x55, 0x50, Hex.bytes("0102030405060708090A"), TestKeys.value(0, 0x44, 0x55));
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full().put(key));
        String answer = sam.send("BC 00 11 02 0000");
        assertThat(answer).isEqualTo(signed(NO_CHALLENGE, "4455500102030405060708090A", "11"));
        assertThat(answer.substring(16)).doesNotContain(Hex.text(key.value().revealKeyBytes()).substring(0, 8));
    }

    @ParameterizedTest
    @EnumSource
    void theSamParametersAreReadAndSigned(SamForm form) {
        byte[] parameters = Hex.bytes("B800000000000000000000FFF560000102030405060708090A0B0C0D02");
        Sam sam = Sam.of(form, TestGroup.full().parameters(parameters));
        String expected = signed(NO_CHALLENGE, Hex.text(parameters), "A0");
        for (String apdu : new String[] {"BE 00 A0 00", "BE 00 A0 30", "BE 00 A0", "BE C0 A0 30", "BE C0 A0 00"}) {
            assertThat(sam.send(apdu)).as(apdu).isEqualTo(expected);
        }
    }

    private static String threeBytes(int value) {
        return String.format("%06X", value);
    }

    @ParameterizedTest
    @EnumSource
    void eventCountersAndCeilingsAreReadByRecordAndOneByOne(SamForm form) {
        TestGroup keys = TestGroup.full();
        for (int number = 0; number < 27; number++) {
            keys.count(0x0D, number, 0x010203 * (number + 1), 0x020304 * (number + 1));
        }
        keys.par(0x0D, 4, 0);
        Sam sam = Sam.of(form, keys);
        for (int record = 0; record < 3; record++) {
            StringBuilder counters = new StringBuilder();
            StringBuilder ceilings = new StringBuilder();
            for (int number = 9 * record; number < 9 * record + 9; number++) {
                String counter = threeBytes(0x010203 * (number + 1));
                String ceiling = threeBytes(0x020304 * (number + 1));
                counters.append(counter);
                ceilings.append(ceiling);
                String n = Hex.text(number);
                assertThat(sam.send("BE 00" + Hex.text(0x80 + number) + "00"))
                        .isEqualTo(signed(NO_CHALLENGE, n + counter + "00".repeat(25), Hex.text(0x80 + number)));
                assertThat(sam.send("BE" + n + "B8 00")).isEqualTo(signed(NO_CHALLENGE, n + ceiling + "00".repeat(25), "B8"));
            }
            String e = Hex.text(0xE1 + record);
            String b = Hex.text(0xB1 + record);
            for (String le : new String[] {"00", "30", ""}) {
                assertThat(sam.send("BE 00" + e + le)).isEqualTo(signed(NO_CHALLENGE, counters + "0000", e));
                assertThat(sam.send("BE 00" + b + le)).isEqualTo(signed(NO_CHALLENGE, ceilings + "0000", b));
            }
            assertThat(sam.send("BE 00" + e + "20")).isEqualTo("6C30");
        }
    }

    @Test
    void theFlagsOfAnyCeilingRecordAreBehindItsCeilings() {
        for (int number = 0; number < 27; number++) {
            TestGroup keys = TestGroup.full();
            keys.writeCeilings(number, new int[] {5}, new boolean[] {true});
            Sam sam = Sam.of(SamForm.HSM_C1, keys);
            for (int record = 0; record < 3; record++) {
                String flags = record == number / 9 ? String.format("%04X", 1 << number % 9) : "0000";
                assertThat(sam.answer("BE 00" + Hex.text(0xB1 + record) + "00").substring(70, 74)).isEqualTo(flags);
            }
        }
    }

    @Test
    void theLockFileIsReadWithoutItsValue() {
        TestGroup keys = TestGroup.full().lock(0x03, Hex.bytes(Blocks.VALUE));
        assertThat(Sam.of(SamForm.HSM_C1, keys).send("BC 00 E0 02 0000"))
                .isEqualTo(signed(NO_CHALLENGE, "EF0100" + "00000000" + "03" + "0000000000", "E0"));
    }

    @Test
    void aReadGivesTheCountBeforeItself() {
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full().count(0xC4, 13, 41, 100));
        assertThat(sam.answer("BE 00 8D 00").substring(16, 24)).isEqualTo("0D" + "000029");
        assertThat(sam.answer("BE 00 8D 00").substring(16, 24)).isEqualTo("0D" + "00002A");
        assertThat(sam.keys.eventCounter(13)).isEqualTo(43);
    }

    @Test
    void aChallengeThatACommandHasUsedEntersNoMoreSignatures() {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard().okData("12 80 FF 06 3049 31323334", 8);
        assertThat(sam.send("BC 00 C1 02 0000")).isEqualTo(signed(NO_CHALLENGE, readable("E1FF40"), "C1"));
    }

    @Test
    void theLastChallengeGivenEntersTheSignatureAndStays() {
        Sam sam = Sam.of(SamForm.HSM_C1).ok("86 00 00 08 FFFFFFFFFFFFFFFF").ok("86 00 00 08 0102030405060708");
        for (int read = 0; read < 2; read++) {
            assertThat(sam.send("BC 00 C1 02 0000")).isEqualTo(signed("0102030405060708", readable("E1FF40"), "C1"));
            assertThat(sam.send("BE 00 A0 00")).isEqualTo(signed("0102030405060708", "00".repeat(29), "A0"));
        }
    }

    @Test
    void withoutAnAuthenticationKeyTheDataIsNotSigned() {
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full().without(0xC4)).ok("86 00 00 08 0102030405060708");
        assertThat(sam.send("BC 00 C1 02 0000"))
                .isEqualTo(NO_SIGNATURE + readable("E1FF40") + "C1" + "C0FFEE01" + "000000" + "800000" + "6200");
        assertThat(sam.send("BE 00 A0 00"))
                .isEqualTo(NO_SIGNATURE + "00".repeat(29) + "A0" + "C0FFEE01" + "000000" + "800000" + "6200");
        assertThat(sam.send("BC 00 C4 02 0000")).isEqualTo("6A83");
        sam.runGoodSession();
    }

    @Test
    void withoutAPluginForTheAuthenticationKeyTheDataIsNotSignedButTheKeyIsNamed() {
        Sam sam = new Sam(SamForm.HSM_C1, Sam.SERIAL, TestGroup.full(), Sam.emptyRegistry(0), ChannelState.AFTER_RESET);
        assertThat(sam.send("BC 00 C1 02 0000"))
                .isEqualTo(NO_SIGNATURE + readable("E1FF40") + "C1" + "C0FFEE01" + AUTHENTICATION_KEY + "800000" + "6200");
        assertThat(sam.keys.uses).as("a signature that was not made is not counted").isEmpty();
    }
}
