package org.calypsohsm.sam;

import java.security.SecureRandom;
import java.util.Arrays;

import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.prng.BasicEntropySourceProvider;
import org.bouncycastle.crypto.prng.EntropySourceProvider;
import org.bouncycastle.crypto.prng.SP800SecureRandomBuilder;

/**
 * Random bytes for thousands of channels: a few generators (CTR_DRBG with AES-256, NIST SP 800-90A), each filling a buffer.
 * One generator for all would be a lock shared between channels; one for each channel would cost more memory than the SAM.
 */
final class DrbgPool implements RandomSource {

    private static final int BUFFER = 1024;
    private static final int KEY_BITS = 256;
    private static final int MARK = 16;

    private final Stripe[] stripes;

    DrbgPool() {
        int count = Integer.highestOneBit(Math.max(1, Runtime.getRuntime().availableProcessors())) * 4;
        SecureRandom entropy = new SecureRandom();
        EntropySourceProvider source = new BasicEntropySourceProvider(entropy, false);
        stripes = new Stripe[count];
        Arrays.setAll(stripes, i -> new Stripe(
                generator(source, entropy.generateSeed(KEY_BITS / 8), new byte[] {(byte) i})));
    }

    /** A pool of one generator, for tests. */
    DrbgPool(SecureRandom generator) {
        stripes = new Stripe[] {new Stripe(generator)};
    }

    /** Makes a generator; the self test makes its own in the same way. */
    static SecureRandom generator(EntropySourceProvider entropy, byte[] nonce, byte[] personalization) {
        return new SP800SecureRandomBuilder(entropy).setPersonalizationString(personalization)
                .buildCTR(AESEngine.newInstance(), KEY_BITS, nonce, false);
    }

    @Override
    public byte[] next(int length) {
        return stripes[(int) Thread.currentThread().getId() & stripes.length - 1].next(length);
    }

    private static final class Stripe {

        private final SecureRandom generator;
        private final byte[] buffer = new byte[BUFFER];
        /** What the last filling began with; it is given out to nobody. */
        private byte[] mark = new byte[MARK];
        private int used = BUFFER;

        Stripe(SecureRandom generator) {
            this.generator = generator;
        }

        synchronized byte[] next(int length) {
            if (used + length > BUFFER) {
                fill();
            }
            byte[] result = Arrays.copyOfRange(buffer, used, used + length);
            // A challenge must not stay readable once it is given out.
            Arrays.fill(buffer, used, used + length, (byte) 0);
            used += length;
            return result;
        }

        /** A generator that is stuck gives the same again; no challenge may come of that. */
        private void fill() {
            byte[] next = new byte[MARK];
            generator.nextBytes(next);
            if (Arrays.equals(next, mark)) {
                throw new IllegalStateException("A random generator is stuck: two outputs are the same.");
            }
            mark = next;
            generator.nextBytes(buffer);
            used = 0;
        }
    }
}
