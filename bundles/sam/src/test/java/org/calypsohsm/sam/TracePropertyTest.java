package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;

/** The trace of PSO Compute Signature at any bit of any message. Source: sam-s1-apdu.md section 5.18. */
class TracePropertyTest {

    private static final int KEY = 0x28;

    @Property(tries = 300)
    void theTraceIsWrittenAtItsBitsAndNowhereElse(@ForAll @Size(min = 7, max = 206) byte[] message, @ForAll boolean full,
            @ForAll @IntRange(max = 0xFFFFF8) int counter, @ForAll int serial, @ForAll @IntRange(max = 1_000_000) int place) {
        int bits = full ? 56 : 48;
        int offset = place % (message.length * 8 - bits + 1);
        TestGroup keys = TestGroup.full().count(KEY, 26, counter, 0xFFFFFA);
        Sam sam = new Sam(SamForm.HSM_C1, serial, keys, Sam.registry(ProfilePlugin.usual()), ChannelState.AFTER_RESET).withCard();

        String prefix = "FF3049" + (full ? "62" : "42") + String.format("%04X", offset);
        String answer = sam.answer("2A 9E 9A" + Hex.text(6 + message.length) + prefix + Hex.text(message));

        byte[] traced = Arrays.copyOf(Hex.bytes(answer), message.length);
        int after = message.length * 8 - offset - bits;
        BigInteger mask = BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
        BigInteger trace = BigInteger.valueOf(serial & 0xFFFFFFFFL).shiftLeft(24).or(BigInteger.valueOf(counter + 1)).and(mask);
        assertThat(new BigInteger(1, traced).shiftRight(after).and(mask)).isEqualTo(trace);
        BigInteger others = mask.shiftLeft(after);
        assertThat(new BigInteger(1, traced).andNot(others)).isEqualTo(new BigInteger(1, message).andNot(others));
        assertThat(answer).endsWith(Blocks.sign(Hex.text(traced), 2)).hasSize(2 * (message.length + 2));
    }
}
