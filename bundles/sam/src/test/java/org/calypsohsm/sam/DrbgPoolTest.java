package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

class DrbgPoolTest {

    @Test
    void noChallengeComesTwiceWhicheverThreadsAsk() {
        DrbgPool random = new DrbgPool();
        Set<String> seen = ConcurrentHashMap.newKeySet();
        int count = 20_000;
        assertThat(IntStream.range(0, count).parallel().filter(i -> seen.add(Hex.text(random.next(8)))).count())
                .isEqualTo(count);
        assertThat(random.next(4)).hasSize(4);
    }

    @Test
    void twoPoolsDiffer() {
        assertThat(new DrbgPool().next(8)).isNotEqualTo(new DrbgPool().next(8));
    }

    @Test
    void aBufferThatIsUsedUpIsFilledAnewAndNeverGivenOutAsZeros() {
        DrbgPool random = new DrbgPool();
        byte[] zeros = new byte[8];
        for (int i = 0; i < 1000; i++) {
            assertThat(random.next(8)).isNotEqualTo(zeros);
        }
    }
}
