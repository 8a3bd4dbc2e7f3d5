package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;

import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.SamForm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Event counters and their ceilings. Source: sam-s1-apdu.md sections 4.3, 5.16 and 6.4. */
class EventCounterTest {

    private static final int COUNTER = 4;

    /** The commands that count, each with a key that it counts; static writes are bound to the count itself. */
    static Stream<Arguments> counting() {
        return Stream.of(Command.values()).filter(command -> !command.isStaticWrite())
                .flatMap(command -> command.counted().stream().map(key -> Arguments.of(command, key)));
    }

    private static void raiseCeiling(Sam sam, int ceiling) {
        String record = String.format("%02X%06X", COUNTER, ceiling) + "00".repeat(25);
        String challenge = "E0E1E2E3E4E5E6E7";
        sam.nextChallenge(Hex.bytes(challenge)).okData("84 00 00 08", 8);
        sam.ok("D8 00 B8 30" + Blocks.seal(SystemKeyType.RELOADING, challenge, record, "B8"));
    }

    @ParameterizedTest(name = "{0}, key {1}")
    @MethodSource("counting")
    void atTheCeilingACommandIsRefusedUntilTheCeilingIsRaised(Command command, int key) {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().count(key, COUNTER, 10, 10));
        for (int i = 0; i < 3; i++) {
            assertThat(command.enter(sam).send(command.apdu())).isEqualTo("6900");
        }
        assertThat(sam.keys.eventCounter(COUNTER)).isEqualTo(10);
        if (key == 0xC3) {
            // The key that protects ceilings cannot raise its own.
            sam.keys.writeCeilings(COUNTER, new int[] {11}, null);
        } else {
            raiseCeiling(sam, 11);
        }
        command.run(command.enter(sam));
        assertThat(sam.keys.eventCounter(COUNTER)).isEqualTo(11);
        // A new personalization key has a counter of its own, new ceilings may be higher, and a record is used now.
        if (!command.name().matches("WRITE_(SYSTEM_KEY|CEILINGS?|WORK_KEY_BY_RECORD)")) {
            assertThat(command.enter(sam).send(command.apdu())).isEqualTo("6900");
            assertThat(sam.keys.eventCounter(COUNTER)).isEqualTo(11);
        }
        sam.open(0x30, false).update("00").close().authenticate();
    }

    @ParameterizedTest
    @CsvSource({"28, 8A 00 FF 0E 3049 030490980030791D01010101", "28, 8A 00 28 0C 030490980030791D01010101",
        "C4, BC 00 C1 02 0000", "C4, BE 00 A0 00", "C4, BE 00 E1 00", "C4, BE 00 B1 00", "C4, BE 05 B8 00", "C4, BE 00 84 00"})
    void sessionsAndReadsAreStoppedByACeilingToo(String reference, String apdu) {
        int key = Integer.parseInt(reference, 16);
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full().count(key, COUNTER, 10, 10)).withCard().okData("84 00 00 08", 8);
        assertThat(sam.send(apdu)).isEqualTo("6900");
        raiseCeiling(sam, 11);
        sam.okData("84 00 00 08", 8);
        assertThat(sam.status(apdu)).isEqualTo("9000");
        sam.okData("84 00 00 08", 8);
        assertThat(sam.send(apdu)).isEqualTo("6900");
        assertThat(sam.keys.eventCounter(COUNTER)).isEqualTo(11);
    }

    @Test
    void aCeilingBelowTheCounterStopsTheKey() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().count(0x28, COUNTER, 10, 100));
        Command.CIPHER_PIN.run(Command.CIPHER_PIN.enter(sam));
        raiseCeiling(sam, 5);
        assertThat(Command.CIPHER_PIN.enter(sam).send(Command.CIPHER_PIN.apdu())).isEqualTo("6900");
        raiseCeiling(sam, 12);
        Command.CIPHER_PIN.run(sam);
    }

    @Test
    void keysOfOneCounterShareItsCeiling() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().count(0x28, COUNTER, 0, 3).par(0x2A, 4, COUNTER)).withCard();
        Command.DATA_CIPHER.run(sam);
        Command.SV_PREPARE_LOAD.run(sam);
        Command.DATA_CIPHER.run(sam);
        for (Command command : List.of(Command.DATA_CIPHER, Command.SV_PREPARE_LOAD, Command.COMPUTE_SIGNATURE)) {
            assertThat(sam.send(command.apdu())).isEqualTo("6900");
        }
        Command.SV_PREPARE_DEBIT.run(sam);
    }

    @Test
    void verifyingIsNeitherCountedNorStopped() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().block(0x28)).withCard();
        Command.VERIFY_SIGNATURE.run(sam);
        assertThat(sam.keys.uses).isEmpty();
    }

    @Test
    void aWrongBlockIsNotCountedAndAtTheCeilingNotEvenOpened() {
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().count(0xC3, COUNTER, 10, 10)).okData("84 00 00 08", 8);
        assertThat(sam.send("D8 00 B8 30" + "5A".repeat(48))).isEqualTo("6900");
        sam.keys.count(0xC3, COUNTER, 10, 11);
        assertThat(sam.send("D8 00 B8 30" + "5A".repeat(48))).isEqualTo("6A80");
        assertThat(sam.keys.eventCounter(COUNTER)).isEqualTo(10);
    }
}
