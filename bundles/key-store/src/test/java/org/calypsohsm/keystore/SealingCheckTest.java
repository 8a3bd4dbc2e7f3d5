package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.util.HexFormat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SealingCheckTest {

    @Example
    void theAnswerIsTheKnownOne() {
        assertThatNoException().isThrownBy(SealingCheck::run);
    }

    @Property(tries = 200)
    void oneFlippedBitIsNoticed(@ForAll @IntRange(max = 75) int at, @ForAll @IntRange(max = 7) int bit) {
        byte[] answer = HexFormat.of().parseHex(SealingCheck.ANSWER);
        answer[at] ^= (byte) (1 << bit);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> SealingCheck.run(answer))
                .withMessageContaining("AES-256-GCM");
    }
}
