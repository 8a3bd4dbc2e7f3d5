package org.calypsohsm.sam;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

import org.bouncycastle.crypto.prng.EntropySource;
import org.bouncycastle.crypto.prng.EntropySourceProvider;

/**
 * Tests random generators: the mechanism with a known answer, and the generators in use for being stuck.
 * Source of the known answer: NIST CAVP, DRBG test vectors without reseeding (drbgvectors_no_reseed, CTR_DRBG.rsp),
 * AES-256 use df, no personalization string, no additional input, COUNT = 0.
 */
final class GeneratorCheck {

    private static final String ENTROPY_INPUT = "36401940fa8b1fba91a1661f211d78a0b9389a74e5bccfece8d766af1a6d3b14";
    private static final String NONCE = "496f25b0f1301b4f501be30380a137eb";
    private static final String RETURNED_BITS = "5862eb38bd558dd978a696e6df164782ddd887e7e9a6c9f3f1fbafb78941b535"
            + "a64912dfd224c6dc7454e5250b3d97165e16260c2faf1cc7735cb75fb4f07e1d";
    private static final int SAMPLE = 32;

    private final byte[] expected;

    GeneratorCheck() {
        this(HexFormat.of().parseHex(RETURNED_BITS));
    }

    /** @param expected the answer that is taken for the known one, 64 bytes */
    GeneratorCheck(byte[] expected) {
        this.expected = expected.clone();
    }

    /** @return a copy of the known answer, 64 bytes */
    byte[] expected() {
        return expected.clone();
    }

    /**
     * Runs both tests.
     *
     * @param random the generators in use
     * @throws IllegalStateException if one fails
     */
    void run(RandomSource random) {
        SecureRandom known = DrbgPool.generator(new KnownEntropy(), HexFormat.of().parseHex(NONCE), new byte[0]);
        byte[] returned = new byte[expected.length];
        // The vector gives the answer of the second call, so that the update of the state in between is tested too.
        known.nextBytes(returned);
        known.nextBytes(returned);
        if (!Arrays.equals(returned, expected)) {
            throw new IllegalStateException("The self test of the random generator failed: CTR_DRBG gives another answer than the known one.");
        }
        if (Arrays.equals(random.next(SAMPLE), random.next(SAMPLE))) {
            throw new IllegalStateException("The self test of the random generator failed: two outputs are the same.");
        }
    }

    /** Gives the entropy of the vector. */
    private static final class KnownEntropy implements EntropySourceProvider {

        @Override
        public EntropySource get(int bitsRequired) {
            return new EntropySource() {

                @Override
                public boolean isPredictionResistant() {
                    return false;
                }

                @Override
                public byte[] getEntropy() {
                    return HexFormat.of().parseHex(ENTROPY_INPUT);
                }

                @Override
                public int entropySize() {
                    return bitsRequired;
                }
            };
        }
    }
}
