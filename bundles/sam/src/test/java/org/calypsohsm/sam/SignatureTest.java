package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** PSO Compute and Verify Signature, Data Cipher, Digest MAC Compute. Source: sam-s1-apdu.md sections 5.10 and 5.17 to 5.19. */
class SignatureTest {

    private static final int KEY = 0x28;
    private static final String MESSAGE = "0102030405060708090A";

    private static String pso(Sam sam, String p1p2, String data) {
        return sam.send("2A" + p1p2, Hex.bytes(data));
    }

    private static String compute(Sam sam, String data) {
        String answer = pso(sam, "9E9A", data);
        assertThat(answer).endsWith("9000");
        return answer.substring(0, answer.length() - 4);
    }

    @ParameterizedTest
    @EnumSource
    void aSignatureOfEachLengthIsComputedAndVerified(ReferenceProfile profile) {
        String key = "FF30" + Hex.text(profile.alg() + 9);
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        for (int length = 1; length <= 8; length++) {
            for (int busy : new int[] {0x00, 0x80}) {
                String prefix = key + Hex.text(busy | length);
                String signature = compute(sam, prefix + MESSAGE);
                assertThat(signature).isEqualTo(Blocks.sign(profile, MESSAGE, length));
                assertThat(pso(sam, "00A8", prefix + MESSAGE + signature)).isEqualTo("9000");
                assertThat(pso(sam, "00A8", key + Hex.text(length) + MESSAGE.replace("0A", "0B") + signature)).isEqualTo("6988");
            }
        }
        assertThat(sam.keys.uses).as("verifying is not counted").containsOnlyKeys(sam.key(profile.alg()).reference())
                .containsValue(16);
    }

    @Test
    void eachBitOfTheSignatureCounts() {
        Sam sam = Sam.of(SamForm.S1D).withCard();
        byte[] signature = Hex.bytes(Blocks.sign(MESSAGE, 8));
        for (int bit = 0; bit < 64; bit++) {
            byte[] wrong = signature.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(pso(sam, "00A8", "FF304908" + MESSAGE + Hex.text(wrong))).isEqualTo("6988");
        }
        assertThat(pso(sam, "00A8", "FF304908" + MESSAGE + Hex.text(signature))).isEqualTo("9000");
    }

    @Test
    void theTraceIsTheSerialNumberAndTheNewCounter() {
        TestGroup keys = TestGroup.full().count(KEY, 9, 0x0000FF, 0xFFFFFA);
        Sam sam = Sam.of(SamForm.HSM_C1, keys).withCard();
        String full = compute(sam, "FF304963" + "0008" + "00".repeat(9));
        assertThat(full).startsWith("00" + "C0FFEE01" + "000100" + "00").hasSize(2 * (9 + 3))
                .endsWith(Blocks.sign(full.substring(0, 18), 3));
        String truncated = compute(sam, "FF304948" + "0010" + "FF".repeat(8));
        assertThat(truncated).startsWith("FFFF" + "FFEE01" + "000101").endsWith(Blocks.sign(truncated.substring(0, 16), 8));
        assertThat(keys.eventCounter(9)).isEqualTo(0x101);
        assertThat(pso(sam, "00A8", "FF304963" + "0008" + full)).isEqualTo("9000");
        assertThat(pso(sam, "00A8", "FF304948" + "0010" + truncated)).isEqualTo("9000");
        assertThat(pso(sam, "00A8", "FF304963" + "0008" + "01" + full.substring(2))).isEqualTo("6988");
        assertThat(keys.eventCounter(9)).isEqualTo(0x101);
    }

    @Test
    void aKeyWithoutACounterLeavesZerosInTheTrace() {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        assertThat(compute(sam, "FF3049E8" + "0000" + "FF".repeat(7))).startsWith("C0FFEE01" + "000000");
        assertThat(compute(sam, "FF3049C8" + "0000" + "FF".repeat(6))).startsWith("FFEE01" + "000000");
    }

    /** The deployment of one public source: full serial number, offset D0, 3 bytes of signature. */
    @Test
    void theTraceMayEndWithTheMessage() {
        Sam sam = Sam.of(SamForm.HSM_C1).withCard();
        assertThat(compute(sam, "FF304963" + "00D0" + "00".repeat(33))).startsWith("00".repeat(26) + "C0FFEE01000000");
        assertThat(pso(sam, "9E9A", "FF304963" + "00D1" + "00".repeat(33))).isEqualTo("6A80");
    }

    // ---- busy mode

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final BusyKeys busyKeys = new BusyKeys(now::get);
    private final TestGroup keys = TestGroup.full();
    private final PluginRegistry plugins = Sam.registry(ProfilePlugin.usual());

    private Sam sam(TestGroup group) {
        return new Sam(SamForm.HSM_C1, Sam.SERIAL, group, plugins, ChannelState.AFTER_RESET, busyKeys).withCard();
    }

    private static String verify(Sam sam, int mode, boolean right) {
        String signature = Blocks.sign(MESSAGE, mode & 0x0F);
        return pso(sam, "00A8", "FF3049" + Hex.text(mode) + (right ? MESSAGE : MESSAGE.replace("0A", "0B")) + signature);
    }

    @Test
    void aWrongSignatureInBusyModeHoldsBusyModeBackFor3Seconds() {
        Sam sam = sam(keys);
        assertThat(verify(sam, 0x84, true)).isEqualTo("9000");
        assertThat(verify(sam, 0x04, false)).as("not in busy mode").isEqualTo("6988");
        assertThat(verify(sam, 0x84, true)).isEqualTo("9000");
        assertThat(verify(sam, 0x84, false)).isEqualTo("6988");
        for (long wait : new long[] {0, 1_000_000_000, 1_999_999_999}) {
            now.addAndGet(wait);
            assertThat(verify(sam, 0x84, true)).isEqualTo("6982");
            assertThat(verify(sam, 0x84, false)).isEqualTo("6982");
            assertThat(verify(sam, 0x04, true)).as("without the busy bit").isEqualTo("9000");
            assertThat(verify(sam, 0x04, false)).isEqualTo("6988");
            assertThat(compute(sam, "FF304984" + MESSAGE)).as("only verifying is busy").hasSize(8);
            assertThat(verify(sam(keys), 0x84, true)).as("even across a reset").isEqualTo("6982");
        }
        now.addAndGet(1);
        assertThat(verify(sam, 0x84, true)).as("3 s are over").isEqualTo("9000");
        assertThat(verify(sam, 0x84, false)).isEqualTo("6988");
        now.addAndGet(TimeUnit.SECONDS.toNanos(3));
        assertThat(verify(sam, 0x84, false)).as("a wrong one begins anew").isEqualTo("6988");
        assertThat(verify(sam, 0x84, true)).isEqualTo("6982");
    }

    @Test
    void onlyTheKeyInItsGroupIsBusy() {
        Sam sam = sam(keys);
        assertThat(verify(sam, 0x84, false)).isEqualTo("6988");
        String other = "FF305984" + MESSAGE + Blocks.sign(ReferenceProfile.AES_CMAC, MESSAGE, 4);
        assertThat(pso(sam, "00A8", other)).isEqualTo("9000");
        assertThat(verify(sam(TestGroup.full().number(1)), 0x84, true)).isEqualTo("9000");
        assertThat(verify(sam, 0x84, true)).isEqualTo("6982");
    }

    @Test
    void aFaultInTheDataComesBeforeBusyAndMakesNothingBusy() {
        Sam sam = sam(keys);
        assertThat(pso(sam, "00A8", "FE304984" + MESSAGE + "00000000")).isEqualTo("6A80");
        assertThat(pso(sam, "00A8", "FF304884" + MESSAGE + "00000000")).isEqualTo("6A83");
        assertThat(verify(sam, 0x84, true)).isEqualTo("9000");
    }

    // ---- the others

    @ParameterizedTest
    @EnumSource
    void dataCipherAndMacComputeGiveTheWholeSignature(ReferenceProfile profile) {
        String data = "30" + Hex.text(profile.alg() + 9) + "0102030405060708" + "1112131415161718";
        Sam sam = Sam.of(SamForm.S1E1).withCard();
        String signature = Blocks.sign(profile, data.substring(4), 8);
        assertThat(sam.answer("8F 00 00 12" + data)).isEqualTo(signature);
        assertThat(sam.send("1C 40 00 12" + data)).isEqualTo(profile.hasExtendedMode() ? "6985" : signature + "9000");
    }
}
