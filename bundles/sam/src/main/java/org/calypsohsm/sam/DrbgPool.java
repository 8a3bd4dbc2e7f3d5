package org.calypsohsm.sam;

import java.security.SecureRandom;
import java.util.Arrays;

import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.prng.SP800SecureRandomBuilder;

/**
 * Random bytes for thousands of channels: a few generators (CTR_DRBG with AES-256, NIST SP 800-90A), each filling a buffer.
 * One generator for all would be a lock shared between channels; one for each channel would cost more memory than the SAM.
 */
final class DrbgPool implements RandomSource {

    private static final int BUFFER = 1024;
    private static final int KEY_BITS = 256;

    private final Stripe[] stripes;

    DrbgPool() {
        int count = Integer.highestOneBit(Math.max(1, Runtime.getRuntime().availableProcessors())) * 4;
        SecureRandom entropy = new SecureRandom();
        stripes = new Stripe[count];
        Arrays.setAll(stripes, i -> new Stripe(new SP800SecureRandomBuilder(entropy, false)
                .setPersonalizationString(new byte[] {(byte) i})
                .buildCTR(AESEngine.newInstance(), KEY_BITS, entropy.generateSeed(KEY_BITS / 8), false)));
    }

    @Override
    public byte[] next(int length) {
        return stripes[(int) Thread.currentThread().getId() & stripes.length - 1].next(length);
    }

    private static final class Stripe {

        private final SecureRandom generator;
        private final byte[] buffer = new byte[BUFFER];
        private int used = BUFFER;

        Stripe(SecureRandom generator) {
            this.generator = generator;
        }

        synchronized byte[] next(int length) {
            if (used + length > BUFFER) {
                generator.nextBytes(buffer);
                used = 0;
            }
            byte[] result = Arrays.copyOfRange(buffer, used, used + length);
            // A challenge must not stay readable once it is given out.
            Arrays.fill(buffer, used, used + length, (byte) 0);
            used += length;
            return result;
        }
    }
}
