package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lock and Unlock. Source: sam-s1-apdu.md sections 4.5, 5.24, 6.5 and 7. */
class LockTest {

    private static final byte[] VALUE = Hex.bytes(Blocks.VALUE);
    private static final String UNLOCK = "20 00 00 10" + Blocks.VALUE;
    private static final int ENABLED = 0x80;
    private static final int LOCKED_LOCK = 0x01;
    private static final int PLAIN_WRITE_DISABLED = 0x02;

    private static TestGroup keys() {
        return Command.keys().lock(ENABLED, VALUE);
    }

    private static Sam locked(SamForm form) {
        return Sam.of(form, keys());
    }

    /** A new SAM with the keys of another one. */
    private static Sam reset(Sam sam, ChannelState state) {
        return new Sam(sam.form, Sam.SERIAL, sam.keys, sam.plugins, state);
    }

    private static final List<String> SESSION_COMMANDS = List.of("14 00 00 08 0102030405060708", "86 00 00 08 0102030405060708",
            "8A 00 FF 0E 3049" + Sam.OPEN, "8C 00 00 05 00B2014400", "8E 00 00 04", "82 00 00 04 00000000", "C0 00 00 08");

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("org.calypsohsm.sam.CommandStatusWordTest#commands")
    void whileLockedEachCommandAnswers6985BehindTheChecksOfItsHeader(SamForm form, Command command) {
        Sam sam = locked(form);
        // Nothing but the lock is in the way: the channel state is the one that the command wants.
        ChannelState ready = command == Command.SV_CHECK ? ChannelState.AFTER_RESET : command.enter(form).sam.idleState();
        sam = reset(sam, ready);
        assertThat(sam.send(command.apdu())).isEqualTo("6985");
        String header = command.header();
        String family = List.of("1C", "8F", "2A", "58").contains(header.substring(0, 2)) ? "6B00" : "6A00";
        assertThat(sam.send(header.substring(0, 2) + "1234" + command.apdu().substring(6))).isEqualTo(family);
        assertThat(sam.send(header + "01 00")).isEqualTo("6700");
        assertThat(sam.keys.uses).isEmpty();
        assertThat(sam.keys.workKey(0x42, 0x01)).isNull();

        sam.ok(UNLOCK);
        if (command == Command.SV_CHECK) {
            command.enter(sam);
        }
        command.run(sam).runGoodSession();
    }

    @ParameterizedTest
    @EnumSource
    void whileLockedNoSessionBegins(SamForm form) {
        ChannelState ready = new ChannelState(Hex.bytes(Sam.DIVERSIFIER), new byte[8], new byte[8], false);
        Sam sam = reset(locked(form), ready);
        for (String apdu : SESSION_COMMANDS) {
            assertThat(sam.send(apdu)).as(apdu).isEqualTo("6985");
        }
        if (form.extendedMode()) {
            assertThat(sam.send("88 80 00 08")).isEqualTo("6985");
            assertThat(sam.send("88 00 00 08")).isEqualTo("6B00");
        }
        assertThat(sam.send("14 01 00 08 0102030405060708")).isEqualTo("6B00");
        assertThat(sam.send("14 00 00 05 0102030405")).isEqualTo("6700");
        assertThat(sam.send("86 00 00 04 01020304")).isEqualTo("6700");
        assertThat(sam.send("8A 00 FF 02 3049")).isEqualTo("6700");
        assertThat(sam.send("8C 01 00 05 00B2014400")).isEqualTo("6B00");
        assertThat(sam.send("8E 00 00 05")).isEqualTo("6700");
        assertThat(sam.send("82 00 00 05 0000000000")).isEqualTo("6700");
        assertThat(sam.send("FF 00 00 00")).isEqualTo("6D00");
        assertThat(sam.keys.uses).isEmpty();
        assertThat(sam.sam.idleState()).usingRecursiveComparison().isEqualTo(ready);
        sam.ok(UNLOCK).ok("8A 00 FF 0E 3049" + Sam.OPEN).runGoodSession();
    }

    @ParameterizedTest
    @EnumSource
    void readsAndChallengesAreGivenWhileLocked(SamForm form) {
        Sam sam = locked(form).okData("84 00 00 08", 8).okData("84 00 00 04", 4).okData("BC 00 C1 02 0000", 32)
                .okData("BC 00 E0 02 0000", 32).okData("BE 00 A0 00", 48).okData("BE 00 E1 00", 48).okData("BE 00 B1 00", 48);
        assertThat(sam.send("BC 00 E0 02 0000")).doesNotContain(Blocks.VALUE.substring(0, 8));
        assertThat(sam.send("14 00 00 08 0102030405060708")).isEqualTo("6985");
    }

    @ParameterizedTest
    @EnumSource
    void aWrongStaticValueIsRefusedAsOftenAsItComes(SamForm form) {
        Sam sam = locked(form);
        for (int bit = 0; bit < 128; bit++) {
            byte[] wrong = VALUE.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(sam.send("20 00 00 10" + Hex.text(wrong))).isEqualTo("6988");
            assertThat(sam.send("86 00 00 08 0102030405060708")).isEqualTo("6985");
        }
        sam.ok(UNLOCK).runGoodSession();
        assertThat(sam.send(UNLOCK)).as("no longer locked").isEqualTo("6985");
    }

    private static String dynamic(ReferenceProfile profile, String serial, String challenge) {
        return Hex.text(profile.undiversified(KeyValue.copyOf(VALUE)).sign(Hex.bytes(serial + challenge), 8));
    }

    @ParameterizedTest
    @CsvSource({"32, DESX_CBC", "48, TDES_RETAIL", "64, TDES_CBC", "80, AES_CMAC"})
    void dynamicUnlock(int alg, ReferenceProfile profile) {
        Sam sam = Sam.of(SamForm.HSM_C1, keys().alg(0xC4, alg));
        String challenge = sam.answer("84 00 00 08");
        sam.ok("20 00 00 08" + dynamic(profile, "C0FFEE01", challenge));
        assertThat(sam.sam.idleState().outgoingChallenge()).as("used").isNull();
        assertThat(sam.keys.uses).as("the authentication key lends its algorithm only").isEmpty();
        sam.runGoodSession();
        sam.okData("84 00 00 08", 8);
        assertThat(sam.send("20 00 00 08 0102030405060708")).isEqualTo("6985");
        assertThat(sam.sam.idleState().outgoingChallenge()).isNotNull();
    }

    @Test
    void aChallengeServesOneAttemptToUnlock() {
        Sam sam = locked(SamForm.HSM_C1);
        assertThat(sam.send("20 00 00 08 0102030405060708")).as("no challenge").isEqualTo("6985");
        sam.okData("84 00 00 04", 4);
        assertThat(sam.send("20 00 00 08 0102030405060708")).as("a short challenge").isEqualTo("6985");
        String challenge = sam.answer("84 00 00 08");
        assertThat(sam.send("20 00 00 08" + dynamic(ReferenceProfile.TDES_CBC, "C0FFEE02", challenge))).isEqualTo("6988");
        assertThat(sam.send("20 00 00 08" + dynamic(ReferenceProfile.TDES_CBC, "C0FFEE01", challenge))).isEqualTo("6985");
        challenge = sam.answer("84 00 00 08");
        assertThat(sam.send("20 00 00 10" + "00".repeat(16))).as("static data uses no challenge").isEqualTo("6988");
        sam.ok("20 00 00 08" + dynamic(ReferenceProfile.TDES_CBC, "C0FFEE01", challenge)).runGoodSession();
    }

    @Test
    void withoutAnAlgorithmDynamicUnlockIsRefusedAndKeepsTheChallenge() {
        Sam sam = locked(SamForm.HSM_C1);
        String challenge = sam.answer("84 00 00 08");
        sam.keys.alg(0xC4, 0x77);
        assertThat(sam.send("20 00 00 08 0102030405060708")).isEqualTo("6985");
        sam.keys.without(0xC4);
        assertThat(sam.send("20 00 00 08 0102030405060708")).isEqualTo("6985");
        sam.keys.become(keys());
        sam.ok("20 00 00 08" + dynamic(ReferenceProfile.TDES_CBC, "C0FFEE01", challenge));
    }

    @ParameterizedTest
    @CsvSource({"0001, 10, 6B00", "0100, 10, 6B00", "FFFF, 08, 6B00", "0000, 07, 6700", "0000, 09, 6700", "0000, 0F, 6700",
        "0000, 11, 6700", "0000, 04, 6700"})
    void faultsInUnlock(String p1p2, String lc, String status) {
        String apdu = "20" + p1p2 + lc + "00".repeat(Integer.parseInt(lc, 16));
        assertThat(locked(SamForm.S1D).send(apdu)).isEqualTo(status);
        assertThat(Sam.of(SamForm.S1D).send(apdu)).as("whether locked or not").isEqualTo(status);
        assertThat(locked(SamForm.S1D).send("20 00 00")).isEqualTo("6700");
        assertThat(locked(SamForm.S1D).send("20 00 00 10")).isEqualTo("6700");
    }

    @Test
    void withoutALockUnlockAnswers6985() {
        for (TestGroup keys : List.of(TestGroup.full(), TestGroup.full().lock(0x00, VALUE), TestGroup.full().lock(0x7F, VALUE))) {
            Sam sam = Sam.of(SamForm.HSM_C1, keys);
            assertThat(sam.send(UNLOCK)).isEqualTo("6985");
            assertThat(sam.send("20 00 00 08 0102030405060708")).isEqualTo("6985");
            assertThat(sam.sam.idleState().unlocked()).isFalse();
            sam.runGoodSession();
        }
        TestGroup noLockFile = TestGroup.full().lock(ENABLED, VALUE);
        byte[] file = noLockFile.lockFile();
        file[0] = 0;
        noLockFile.writeLockFile(file);
        Sam.of(SamForm.HSM_C1, noLockFile).runGoodSession();
    }

    @Test
    void whatTheClientUnlockedStaysUnlockedInAnotherSam() {
        Sam first = locked(SamForm.HSM_C1);
        assertThat(first.sam.idleState().unlocked()).isFalse();
        assertThat(reset(first, first.sam.idleState()).send("86 00 00 08 0102030405060708")).as("still locked").isEqualTo("6985");
        first.ok(UNLOCK);
        assertThat(first.sam.idleState().unlocked()).isTrue();
        Sam second = reset(first, first.sam.idleState()).runGoodSession();
        assertThat(second.sam.idleState().unlocked()).isTrue();
        assertThat(second.send(UNLOCK)).isEqualTo("6985");
        Sam again = reset(first, ChannelState.AFTER_RESET);
        assertThat(again.send("86 00 00 08 0102030405060708")).as("a reset locks").isEqualTo("6985");
    }

    @Test
    void aLockTakesEffectAtTheNextResetOnly() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys());
        Command.WRITE_LOCK_PLAIN.run(sam);
        sam.runGoodSession();
        assertThat(sam.send(UNLOCK)).as("not locked").isEqualTo("6985");
        assertThat(sam.sam.idleState().unlocked()).as("nor is the SAM in its place").isTrue();
        reset(sam, sam.sam.idleState()).runGoodSession();
        Sam next = reset(sam, ChannelState.AFTER_RESET);
        assertThat(next.send("14 00 00 04 01020304")).isEqualTo("6985");
        next.ok(UNLOCK).runGoodSession();

        // Neither does a lock that goes.
        Sam locked = locked(SamForm.HSM_C1);
        locked.keys.lock(0x00, VALUE);
        assertThat(locked.send("14 00 00 04 01020304")).isEqualTo("6985");
        locked.ok(UNLOCK).runGoodSession();
    }

    private static String writeLock(Sam sam) {
        sam.nextChallenge(Hex.bytes(Command.CHALLENGE)).okData("84 00 00 08", 8);
        return sam.send("1A 00 E0 30" + Blocks.seal(SystemKeyType.PERSONALIZATION, Command.CHALLENGE, Blocks.LOCK, "E0"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, ENABLED})
    void theFlagsOfTheLockAreThoseOfTheReset(int enabled) {
        for (int flags : new int[] {0, LOCKED_LOCK, PLAIN_WRITE_DISABLED, LOCKED_LOCK | PLAIN_WRITE_DISABLED, 0x7C}) {
            ChannelState unlocked = new ChannelState(null, null, null, true);
            Sam sam = reset(Sam.of(SamForm.HSM_C1, Command.keys().lock(enabled | flags, VALUE)), unlocked);
            sam.keys.lock(~flags & 0x7F, VALUE);
            String plain = sam.send(Command.WRITE_LOCK_PLAIN.apdu());
            assertThat(plain).isEqualTo((flags & (LOCKED_LOCK | PLAIN_WRITE_DISABLED)) == 0 ? "9000" : "6985");
            assertThat(writeLock(sam)).isEqualTo((flags & LOCKED_LOCK) == 0 ? "9000" : "6985");
            Command.WRITE_WORK_KEY_PLAIN.run(sam);
        }
    }
}
