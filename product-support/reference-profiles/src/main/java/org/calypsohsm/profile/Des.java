package org.calypsohsm.profile;

import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.engines.DESedeEngine;

/**
 * The DES engines of Bouncy Castle with a quicker way to their key schedules. Bouncy Castle branches on every key bit, which
 * costs about 4 us for a new key, as much as 50 blocks; and a session makes up to six schedules.
 *
 * <p>The key schedule of DES only moves bits, so that of a key is the xor of those of its single bits. Bouncy Castle makes
 * the latter once; to combine them is a few hundred operations that do not depend on the key.
 */
final class Des {

    private static final int KEY_BITS = 64;
    private static final int PARITY_MASK = 7;
    private static final int WORDS = 32;
    private static final int[][] SCHEDULE_OF_BIT = schedulesOfBits();

    private Des() {
    }

    /** DES, with a key of 8 bytes. */
    static DESEngine single() {
        return new Single();
    }

    /** Triple DES, with a key of 16 bytes (or 24). */
    static DESedeEngine triple() {
        return new Triple();
    }

    private static int[][] schedulesOfBits() {
        Original original = new Original();
        int[][] schedules = new int[KEY_BITS][];
        for (int bit = 0; bit < KEY_BITS; bit++) {
            byte[] key = new byte[KEY_BITS / 8];
            key[bit >> 3] = (byte) (0x80 >> (bit & 7));
            schedules[bit] = original.generateWorkingKey(true, key);
        }
        return schedules;
    }

    private static int[] schedule(boolean encrypting, byte[] key) {
        int[] schedule = new int[WORDS];
        for (int bit = 0; bit < KEY_BITS; bit++) {
            if ((bit & PARITY_MASK) != PARITY_MASK) {
                int mask = -(key[bit >> 3] >> (7 - (bit & 7)) & 1);
                int[] ofBit = SCHEDULE_OF_BIT[bit];
                for (int word = 0; word < WORDS; word++) {
                    schedule[word] ^= ofBit[word] & mask;
                }
            }
        }
        if (!encrypting) {
            reverseRounds(schedule);
        }
        return schedule;
    }

    /** Decryption takes the rounds, two words each, in the opposite order. */
    private static void reverseRounds(int[] schedule) {
        for (int from = 0, to = WORDS - 2; from < to; from += 2, to -= 2) {
            int first = schedule[from];
            int second = schedule[from + 1];
            schedule[from] = schedule[to];
            schedule[from + 1] = schedule[to + 1];
            schedule[to] = first;
            schedule[to + 1] = second;
        }
    }

    /** Makes the method of Bouncy Castle visible. */
    private static final class Original extends DESEngine {
        @Override
        protected int[] generateWorkingKey(boolean encrypting, byte[] key) {
            return super.generateWorkingKey(encrypting, key);
        }
    }

    private static final class Single extends DESEngine {
        @Override
        protected int[] generateWorkingKey(boolean encrypting, byte[] key) {
            return schedule(encrypting, key);
        }
    }

    private static final class Triple extends DESedeEngine {
        @Override
        protected int[] generateWorkingKey(boolean encrypting, byte[] key) {
            return schedule(encrypting, key);
        }
    }
}
