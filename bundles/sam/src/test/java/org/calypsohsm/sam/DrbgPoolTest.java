package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.security.SecureRandom;
import java.util.Arrays;
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

    /** Gives the same bytes in each call. */
    private static SecureRandom stuck() {
        return new SecureRandom() {

            private static final long serialVersionUID = 1L;

            @Override
            public void nextBytes(byte[] bytes) {
                Arrays.fill(bytes, (byte) 7);
            }
        };
    }

    @Test
    void aGeneratorThatIsStuckGivesNoMoreChallenges() {
        DrbgPool random = new DrbgPool(stuck());
        random.next(1024);
        for (int i = 0; i < 3; i++) {
            assertThatIllegalStateException().isThrownBy(() -> random.next(8)).withMessageContaining("stuck");
        }
    }

    @Test
    void theMechanismGivesTheAnswerOfThePublishedVector() {
        new GeneratorCheck().run(new DrbgPool());
    }

    @Test
    void oneFlippedBitInTheKnownAnswerIsNoticed() {
        byte[] known = new GeneratorCheck().expected();
        assertThat(known).hasSize(64);
        for (int bit = 0; bit < 8 * known.length; bit++) {
            byte[] wrong = known.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatIllegalStateException().isThrownBy(() -> new GeneratorCheck(wrong).run(new DrbgPool(new SecureRandom())))
                    .withMessage("The self test of the random generator failed: CTR_DRBG gives another answer than the known one.");
        }
    }

    @Test
    void twoOutputsThatAreTheSameAreNoticed() {
        assertThatIllegalStateException().isThrownBy(() -> new GeneratorCheck().run(byte[]::new))
                .withMessage("The self test of the random generator failed: two outputs are the same.");
    }
}
