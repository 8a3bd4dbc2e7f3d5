package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stored value, and the other commands of a card in a running session. Source: sam-s1-apdu.md sections 5.13, 5.14, 6.1. */
class StoredValueTest {

    private static final byte[] CHALLENGE = Hex.bytes("A1B2C3");

    /** The card's half of an operation: what it answers, and that it believes the SAM. */
    private static String cardMac(ReferenceProfile profile, String operation, String prepared) {
        int kif = Integer.parseInt(operation.substring(4), 16);
        String data = data(operation, profile);
        ReferenceKey key = profile.diversify(TestKeys.value(0, kif, TestKeys.kvc(profile.alg())), Hex.bytes(Sam.DIVERSIFIER));
        byte[] challenge = Hex.bytes(prepared.substring(0, 6));
        byte[] number = Hex.bytes(prepared.substring(6, 12));
        byte[] terminalMac = Hex.bytes(prepared.substring(12));
        byte[] serial = Responses.bytes(Sam.SERIAL);
        assertThat(terminalMac).isEqualTo(key.storedValueTerminalMac(Hex.bytes(data), challenge, number, serial));
        return Hex.text(key.storedValueCardMac(Hex.bytes(data), challenge, number, serial, terminalMac));
    }

    private static String data(String operation, ReferenceProfile profile) {
        return Blocks.storedValue(Integer.parseInt(operation.substring(2, 4), 16), profile.hasExtendedMode(), profile.alg() + 9);
    }

    /** INS, card INS and KIF of each operation. */
    private static final List<String> OPERATIONS = List.of("56B807", "54BA10", "5CBC10");

    private static String prepare(Sam sam, String operation, ReferenceProfile profile) {
        String data = data(operation, profile);
        return sam.nextChallenge(CHALLENGE).answer(operation.substring(0, 2) + "01 FF" + Hex.text(data.length() / 2) + data);
    }

    private static Sam check(Sam sam, String mac) {
        return sam.ok("58 00 00" + Hex.text(mac.length() / 2) + mac);
    }

    @ParameterizedTest
    @EnumSource
    void eachOperationIsPreparedAndChecked(ReferenceProfile profile) {
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full().transactionNumber(0x00FFFE)).withCard();
        int number = 0x00FFFF;
        for (int round = 0; round < 2; round++) {
            for (String operation : OPERATIONS) {
                String prepared = prepare(sam, operation, profile);
                assertThat(prepared).startsWith("A1B2C3" + String.format("%06X", number++))
                        .hasSize(profile.hasExtendedMode() ? 32 : 22);
                assertThat(sam.sam.idleState()).as("the operation ties the channel").isNull();
                check(sam, cardMac(profile, operation, prepared));
                assertThat(sam.sam.idleState()).isNotNull();
                assertThat(sam.send("58 00 00 00")).as("nothing is pending").isEqualTo("6985");
            }
        }
        int load = sam.keys.workKey(0x07, profile.alg() + 9).reference();
        int debit = sam.keys.workKey(0x10, profile.alg() + 9).reference();
        assertThat(sam.keys.uses).containsOnlyKeys(load, debit).containsEntry(load, 2).containsEntry(debit, 4);
        sam.runGoodSession();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TDES_CBC", "AES_CMAC"})
    void aWrongCheckEndsTheOperation(ReferenceProfile profile) {
        for (int bit = 0; bit < (profile.hasExtendedMode() ? 48 : 24); bit++) {
            Sam sam = Sam.of(SamForm.HSM_C1).withCard();
            String right = cardMac(profile, "54BA10", prepare(sam, "54BA10", profile));
            byte[] wrong = Hex.bytes(right);
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(sam.send("58 00 00", wrong)).isEqualTo("6988");
            assertThat(sam.send("58 00 00", Hex.bytes(right))).as("the right one comes too late").isEqualTo("6985");
            assertThat(sam.sam.idleState()).isNotNull();
            check(sam, cardMac(profile, "54BA10", prepare(sam, "54BA10", profile)));
        }
    }

    @ParameterizedTest
    @CsvSource({"TDES_CBC, 6", "AES_CMAC, 3"})
    void theLengthOfTheCheckIsThatOfTheOperation(ReferenceProfile profile, int otherLength) {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        String right = cardMac(profile, "56B807", prepare(sam, "56B807", profile));
        assertThat(sam.send("58 00 00", Hex.bytes((right + right).substring(0, 2 * otherLength)))).isEqualTo("6700");
        check(sam, right);
    }

    @ParameterizedTest
    @ValueSource(strings = {"58 00 00 00", "58 00 00"})
    void anOperationIsDroppedWithoutACheck(String apdu) {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        assertThat(sam.send(apdu)).as("nothing is pending").isEqualTo("6985");
        String right = cardMac(ReferenceProfile.TDES_CBC, "56B807", prepare(sam, "56B807", ReferenceProfile.TDES_CBC));
        sam.ok(apdu);
        assertThat(sam.send("58 00 00", Hex.bytes(right))).isEqualTo("6985");
        assertThat(sam.sam.idleState()).isNotNull();
    }

    @Test
    void aNewOperationTakesThePlaceOfTheOneBeforeAndARefusedOneDoesNot() {
        ReferenceProfile profile = ReferenceProfile.TDES_CBC;
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        String before = cardMac(profile, "56B807", prepare(sam, "56B807", profile));
        String right = cardMac(profile, "54BA10", prepare(sam, "54BA10", profile));
        assertThat(right).isNotEqualTo(before);
        assertThat(sam.send("56 01 FF 36" + Blocks.storedValue(0xB8, false, 0x48))).isEqualTo("6A83");
        assertThat(sam.send("56 01 FF 36" + Blocks.storedValue(0xBA, false, 0x49) + "5A".repeat(6))).isEqualTo("6A80");
        check(sam, right);
    }

    @ParameterizedTest
    @EnumSource
    void inARunningSessionTheDigestIsNotLost(SamForm form) {
        ReferenceProfile profile = ReferenceProfile.TDES_CBC;
        for (String operation : OPERATIONS) {
            Sam sam = Sam.of(form).openRegular().update("007C000721");
            String right = cardMac(profile, operation, prepare(sam, operation, profile));
            sam.update("00B2014400").close();
            assertThat(sam.send("14 00 00 08" + Sam.DIVERSIFIER)).isEqualTo("9000");
            sam.authenticate();
            assertThat(sam.sam.idleState()).as("the postponed check is still to come").isNull();
            check(sam, right);
            assertThat(sam.sam.idleState()).isNotNull();

            // A wrong check and a dropped operation leave the digest alone as well.
            sam.openRegular().update("01");
            prepare(sam, operation, profile);
            assertThat(sam.send("58 00 00 03 000000")).isEqualTo("6988");
            prepare(sam, operation, profile);
            sam.ok("58 00 00 00").update("02").close().authenticate();
        }
    }

    @Test
    void anExtendedSessionGoesOnBesideAnOperation() {
        ReferenceProfile profile = ReferenceProfile.AES_CMAC;
        Sam sam = Sam.of(SamForm.HSM_C1).openExtended().internalAuthenticate();
        String right = cardMac(profile, "5CBC10", prepare(sam, "5CBC10", profile));
        sam.externalAuthenticate().ciphered("00DC010C 03 010203", "9000").close().authenticate();
        check(sam, right);
    }

    @ParameterizedTest
    @EnumSource
    void everyCommandRunsInARunningSessionWithoutDisturbingIt(SamForm form) {
        for (Command command : Command.of(form)) {
            Sam sam = Sam.of(form, Command.keys()).openRegular().update("00B2014400");
            command.run(command.enter(sam));
            assertThat(sam.sam.idleState()).isNull();
            sam.update("9000").close();
            if (!command.name().startsWith("WRITE")) {
                command.run(command.enter(sam));
            }
            sam.authenticate();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCommandThatIsRefusedDoesNotDisturbASessionEither(SamForm form) {
        for (Command command : Command.of(form)) {
            // Without any key, and with a lock that cannot be written, nothing but the session is possible.
            Sam sam = Sam.of(form, Command.keys().lock(0x01, Hex.bytes(Blocks.VALUE))).openRegular().update("00B2014400");
            sam.keys.become(TestGroup.empty());
            String wrongP1P2 = command.header().substring(0, 2) + "FFFF 01 00";
            for (String apdu : List.of(command.header() + "01 00", wrongP1P2, command.apdu())) {
                assertThat(sam.send(apdu)).startsWith("6").hasSize(4);
            }
            sam.update("9000").close().authenticate();
        }
    }

    @Test
    void closingForgetsTheOperation() {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        prepare(sam, "56B807", ReferenceProfile.TDES_CBC);
        sam.sam.close();
        assertThat(sam.send("58 00 00 00")).isEqualTo("6985");
    }
}
