package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.ReferenceSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The flows of sam-s1-apdu.md sections 6.1, 6.2 and 10, and the choices of this bundle's README. */
class SessionFlowTest {

    private static final String INIT = "3049" + Sam.OPEN;
    private static final String OTHER_DIVERSIFIER = "00000000AABBCCDD";

    /** What the card's side computes for a session of the debit key of an ALG code. */
    private static ReferenceSession card(ReferenceProfile profile, String diversifier, String challenge) {
        Sam keys = Sam.of(SamForm.HSM_C1);
        ReferenceSession card = profile.diversify(keys.key(profile.alg()).value(), Hex.bytes(diversifier))
                .openSession(Hex.bytes(challenge), false);
        card.update(Hex.bytes(Sam.OPEN), 0, Sam.OPEN.length() / 2);
        return card;
    }

    private static void finish(Sam sam, ReferenceSession card) {
        assertThat(sam.send("8E 00 00 04")).isEqualTo(Hex.text(card.terminalCertificate()) + "9000");
        assertThat(sam.send("82 00 00", card.cardCertificate())).isEqualTo("9000");
    }

    @ParameterizedTest
    @EnumSource
    void regularSession(SamForm form) {
        Sam.of(form).openRegular().update("00B2014400").update("5A".repeat(29) + "9000").update("00DC010C 03 010203")
                .update("9000").close().authenticate().runGoodSession();
    }

    @ParameterizedTest
    @EnumSource(names = {"S1E1", "HSM_C1"})
    void groupedUpdatesGiveTheSameAsSingleOnes(SamForm form) {
        Sam grouped = Sam.of(form).openRegular();
        grouped.ok("8C 80 00 0A 05 00B2014400 03 5A9000").ok("8C 80 00 02 01 77");
        Sam single = Sam.of(form).openRegular().update("00B2014400").update("5A9000").update("77");
        assertThat(grouped.send("8E 00 00 04")).isEqualTo(single.send("8E 00 00 04"));
    }

    @ParameterizedTest
    @EnumSource(names = {"S1E1", "HSM_C1"})
    void aGroupThatIsRefusedTakesNothingIntoTheDigest(SamForm form) {
        Sam sam = Sam.of(form).openRegular();
        assertThat(sam.send("8C 80 00 09 05 00B2014400 03 5A90")).isEqualTo("6A80");
        sam.update("00B2014400").close().authenticate();
    }

    @Test
    void extendedSessionWithAuthenticationInTheMiddleAndCipheredExchanges() {
        Sam sam = Sam.of(SamForm.HSM_C1).openExtended().update("00B2014400").update("0102039000")
                .internalAuthenticate().externalAuthenticate()
                .ciphered("00DC010C 03 010203", "9000")
                .ciphered("00B2014400", "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B39000")
                .update("00B2014400").update("9000")
                .internalAuthenticate().externalAuthenticate()
                .ciphered("00DC010C 03 010203", "9000");
        // Grouped updates stand beside ciphered ones.
        sam.ok("8C 80 00 02 01 77");
        Sam same = Sam.of(SamForm.HSM_C1).openExtended().update("00B2014400").update("0102039000")
                .internalAuthenticate().externalAuthenticate()
                .ciphered("00DC010C 03 010203", "9000")
                .ciphered("00B2014400", "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B39000")
                .update("00B2014400").update("9000")
                .internalAuthenticate().externalAuthenticate()
                .ciphered("00DC010C 03 010203", "9000").update("77");
        assertThat(sam.send("8E 00 00 08")).isEqualTo(same.send("8E 00 00 08"));
    }

    @Test
    void onlyTheDataOfACommandAndNotTheStatusOfAnAnswerIsCiphered() {
        Sam sam = Sam.of(SamForm.HSM_C1).openExtended();
        assertThat(sam.send("8C 00 80 08 00DC010C03 010203")).startsWith("00DC010C03").doesNotContain("010203")
                .hasSize(2 * 8 + 4).endsWith("9000");
        assertThat(sam.send("8C 00 80 02 6A82")).isEqualTo("6A829000");
        assertThat(sam.send("8C 00 80 05 00B2014400")).isEqualTo("00B20144009000");
        assertThat(sam.send("8C 00 80 05 010203 9000")).doesNotContain("010203").hasSize(2 * 5 + 4).endsWith("90009000");
    }

    @Test
    void theLongestDigestDataOfEachFormIsTaken() {
        for (SamForm form : SamForm.values()) {
            int longest = form.maxDigestData();
            Sam sam = Sam.of(form).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
            sam.ok("8A 00 FF" + Hex.text(longest) + "3049" + "5A".repeat(longest - 2));
            sam.ok("8C 00 00" + Hex.text(longest) + "5A".repeat(longest));
            if (form.digestUpdateMultiple()) {
                sam.ok("8C 80 00" + Hex.text(longest) + Hex.text(longest - 1) + "5A".repeat(longest - 1));
            }
            sam.okData("8E 00 00 04", 4);
        }
        Sam.of(SamForm.HSM_C1).openExtended().okData("8C 00 80 FF" + "00DC0100FA" + "5A".repeat(250), 255);
    }

    @ParameterizedTest
    @CsvSource({"0C, 0x21", "02, 0x27", "0D, 0x30"})
    void digestInitByRecordIsForCardsOfRevision1(String record, int kif) {
        for (SamForm form : SamForm.values()) {
            Sam sam = Sam.of(form).ok("14 00 00 08" + Sam.DIVERSIFIER);
            sam.nextChallenge(Hex.bytes("C0C1C2C3")).okData("84 00 00 04", 4);
            sam.ok("8A 00" + record + "0C" + Sam.OPEN);
            ReferenceSession card = ReferenceProfile.DESX_CBC
                    .diversify(sam.keys.workKey(kif, 0x29).value(),
                            Hex.bytes(Sam.DIVERSIFIER))
                    .openSession(Hex.bytes("C0C1C2C3"), false);
            card.update(Hex.bytes(Sam.OPEN), 0, Sam.OPEN.length() / 2);
            finish(sam, card);
        }
    }

    @Test
    void theDiversifierMayBeSelectedBeforeOrAfterTheChallenge() {
        for (boolean before : new boolean[] {true, false}) {
            Sam sam = Sam.of(SamForm.S1D).ok("14 00 00 08" + OTHER_DIVERSIFIER);
            sam.nextChallenge(Hex.bytes("C0C1C2C3"));
            if (before) {
                sam.ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
            } else {
                sam.okData("84 00 00 04", 4).ok("14 00 00 08" + Sam.DIVERSIFIER);
            }
            sam.ok("8A 00 FF 0E" + INIT);
            finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
        }
    }

    @Test
    void theDiversifierStaysSelectedUntilItIsReplaced() {
        Sam sam = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER);
        for (String challenge : new String[] {"C0C1C2C3", "D0D1D2D3", "E0E1E2E3"}) {
            sam.nextChallenge(Hex.bytes(challenge)).okData("84 00 00 04", 4).ok("8A 00 FF 0E" + INIT);
            finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, challenge));
        }
        sam.ok("14 00 00 04 AABBCCDD").nextChallenge(Hex.bytes("C0C1C2C3")).okData("84 00 00 04", 4).ok("8A 00 FF 0E" + INIT);
        finish(sam, card(ReferenceProfile.TDES_CBC, OTHER_DIVERSIFIER, "C0C1C2C3"));
    }

    @Test
    void withoutADiversifierNoSessionBegins() {
        Sam sam = Sam.of(SamForm.HSM_C1).okData("84 00 00 08", 8);
        assertThat(sam.send("8A 00 FF 0E" + INIT)).isEqualTo("6985");
        sam.ok("14 00 00 08" + Sam.DIVERSIFIER).ok("8A 00 FF 0E" + INIT);
    }

    @ParameterizedTest
    @EnumSource
    void anEarlyChallengeOf8BytesServesARegularSessionWithItsFirst4(SamForm form) {
        Sam sam = Sam.of(form).ok("14 00 00 08" + Sam.DIVERSIFIER).nextChallenge(Hex.bytes("C0C1C2C3FFFFFFFF"));
        sam.okData("84 00 00 08", 8).ok("8A 00 FF 0E" + INIT);
        finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
    }

    @Test
    void aChallengeOf4BytesIsTooShortForExtendedMode() {
        Sam sam = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
        assertThat(sam.send("8A 02 FF 0E 3059" + Sam.OPEN)).isEqualTo("6985");
        assertThat(sam.keys.uses).as("refused before the use of the key is counted").isEmpty();
        sam.ok("8A 00 FF 0E 3059" + Sam.OPEN);
    }

    @Test
    void onlyTheLastChallengeCounts() {
        Sam sam = Sam.of(SamForm.S1E1).ok("14 00 00 08" + Sam.DIVERSIFIER);
        sam.nextChallenge(Hex.bytes("AAAAAAAA")).okData("84 00 00 04", 4);
        sam.nextChallenge(Hex.bytes("C0C1C2C3")).okData("84 00 00 04", 4).ok("8A 00 FF 0E" + INIT);
        finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
    }

    @Test
    void aChallengeServesOneSessionAndIsSpentOnlyWhenDigestInitSucceeds() {
        Sam sam = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER).nextChallenge(Hex.bytes("C0C1C2C3"));
        sam.okData("84 00 00 04", 4);
        assertThat(sam.send("8A 00 FF 0E 3148" + Sam.OPEN)).isEqualTo("6A83");
        assertThat(sam.send("8A 04 FF 0E" + INIT)).isEqualTo("6A00");
        assertThat(sam.send("8A 00 FF 02 3049")).isEqualTo("6700");
        sam.ok("8A 00 FF 0E" + INIT);
        finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
        assertThat(sam.send("8A 00 FF 0E" + INIT)).isEqualTo("6985");
    }

    @Test
    void digestInitDuringASessionStartsANewOne() {
        Sam[] interrupted = {Sam.of(SamForm.HSM_C1).openRegular().update("01"), Sam.of(SamForm.HSM_C1).openRegular().close(),
            Sam.of(SamForm.HSM_C1).openExtended(), Sam.of(SamForm.HSM_C1).openExtended().internalAuthenticate()};
        for (Sam sam : interrupted) {
            sam.nextChallenge(Hex.bytes("C0C1C2C3")).okData("84 00 00 04", 4).ok("8A 00 FF 0E" + INIT);
            finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
        }
    }

    @Test
    void aDigestInitThatFailsLeavesTheSessionInProgress() {
        Sam sam = Sam.of(SamForm.HSM_C1).openRegular().okData("84 00 00 08", 8);
        assertThat(sam.send("8A 00 FF 0E 3148" + Sam.OPEN)).isEqualTo("6A83");
        assertThat(sam.send("8A 02 FF 0E 3049" + Sam.OPEN)).isEqualTo("6985");
        sam.update("00B2014400").close().authenticate();
    }

    @ParameterizedTest
    @EnumSource
    void otherCommandsDoNotDisturbADigest(SamForm form) {
        Sam.of(form).openRegular().update("00B2014400")
                .ok("86 00 00 08 0102030405060708").ok("14 00 00 08" + OTHER_DIVERSIFIER).okData("84 00 00 08", 8)
                .okData("BC 00 C1 02 0000", 32).okData("BE 00 A0 00", 48)
                .update("9000").close()
                .ok("86 00 00 08 0102030405060708").okData("84 00 00 04", 4).okData("BE 00 A0 30", 48)
                .authenticate();
    }

    @Test
    void the250thInternalAuthenticateOfASessionIsRefused() {
        Sam sam = Sam.of(SamForm.HSM_C1).openExtended();
        for (int call = 1; call < 250; call++) {
            sam.internalAuthenticate().externalAuthenticate();
        }
        assertThat(sam.send("88 80 00 08")).isEqualTo("6985");
        assertThat(sam.send("88 80 00 08")).isEqualTo("6985");
        sam.update("00B2014400").close().authenticate();
        sam.openExtended().internalAuthenticate().externalAuthenticate().close().authenticate();
    }

    @Test
    void verificationModeOnlyRefusesInternalAuthenticate() {
        Sam sam = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 08", 8);
        sam.ok("8A 03 FF 0E 3059" + Sam.OPEN);
        assertThat(sam.send("88 80 00 08")).isEqualTo("6985");
        sam.okData("8E 00 00 08", 8);

        for (SamForm form : SamForm.values()) {
            Sam regular = Sam.of(form).ok("14 00 00 08" + Sam.DIVERSIFIER).nextChallenge(Hex.bytes("C0C1C2C3"));
            regular.okData("84 00 00 04", 4).ok("8A 01 FF 0E" + INIT);
            finish(regular, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x30, 0x40, 0x50})
    void theSessionDependsOnEachOfItsInputs(int alg) {
        ReferenceProfile profile = Arrays.stream(ReferenceProfile.values()).filter(p -> p.alg() == alg).findFirst()
                .orElseThrow();
        Sam sam = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER).nextChallenge(Hex.bytes("C0C1C2C3"));
        sam.okData("84 00 00 04", 4).ok("8A 00 FF 0E 30" + Hex.text(alg + 9) + Sam.OPEN);
        String certificate = sam.send("8E 00 00 04");
        assertThat(certificate).isEqualTo(
                Hex.text(card(profile, Sam.DIVERSIFIER, "C0C1C2C3").terminalCertificate()) + "9000");
        assertThat(certificate).isNotEqualTo(
                Hex.text(card(profile, Sam.DIVERSIFIER, "C0C1C2C4").terminalCertificate()) + "9000");
        assertThat(certificate).isNotEqualTo(
                Hex.text(card(profile, OTHER_DIVERSIFIER, "C0C1C2C3").terminalCertificate()) + "9000");
    }

    @Test
    void betweenSessionsTheStateCanBeCarriedToAnotherSam() {
        Sam first = Sam.of(SamForm.HSM_C1).ok("14 00 00 08" + Sam.DIVERSIFIER).ok("86 00 00 08 0102030405060708")
                .nextChallenge(Hex.bytes("C0C1C2C3C4C5C6C7")).okData("84 00 00 08", 8);
        ChannelState state = first.sam.idleState();
        Sam second = new Sam(SamForm.HSM_C1, Sam.SERIAL, first.keys, first.plugins, state);

        assertThat(second.send("BE 00 A0 00")).isEqualTo(first.send("BE 00 A0 00"));
        second.ok("8A 00 FF 0E" + INIT);
        finish(second, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
        // What the second one did with its copy changed nothing in the first.
        first.ok("8A 00 FF 0E" + INIT);
        finish(first, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
    }

    @Test
    void theStateIsACopyInBothDirections() {
        byte[] diversifier = Hex.bytes(Sam.DIVERSIFIER);
        byte[] challenge = Hex.bytes("C0C1C2C3");
        Sam given = Sam.of(SamForm.HSM_C1);
        Sam sam = new Sam(SamForm.HSM_C1, Sam.SERIAL, given.keys, given.plugins,
                new ChannelState(diversifier, challenge, new byte[8], false));
        diversifier[0] ^= 1;
        challenge[0] ^= 1;
        ChannelState taken = sam.sam.idleState();
        taken.diversifier()[1] ^= 1;
        taken.outgoingChallenge()[1] ^= 1;
        sam.ok("8A 00 FF 0E" + INIT);
        finish(sam, card(ReferenceProfile.TDES_CBC, Sam.DIVERSIFIER, "C0C1C2C3"));
    }

    @Test
    void aSessionTiesTheChannelToItsSamUntilItIsOver() {
        Sam sam = Sam.of(SamForm.HSM_C1);
        assertThat(sam.sam.idleState()).usingRecursiveComparison().isEqualTo(ChannelState.AFTER_RESET);
        sam.openExtended();
        assertThat(sam.sam.idleState()).isNull();
        sam.internalAuthenticate();
        assertThat(sam.sam.idleState()).isNull();
        sam.externalAuthenticate().close();
        assertThat(sam.sam.idleState()).isNull();
        sam.authenticate();
        assertThat(sam.sam.idleState().diversifier()).isEqualTo(Hex.bytes(Sam.DIVERSIFIER));
        assertThat(sam.sam.idleState().outgoingChallenge()).as("used by the session").isNull();
    }

    @Test
    void closingForgetsTheSessionAndMayBeRepeated() {
        Sam sam = Sam.of(SamForm.HSM_C1).openRegular();
        sam.sam.close();
        sam.sam.close();
        assertThat(sam.send("8C 00 00 01 00")).isEqualTo("6985");
    }
}
