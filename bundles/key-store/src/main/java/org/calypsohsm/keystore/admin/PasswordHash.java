package org.calypsohsm.keystore.admin;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * A hash of a password with Argon2id, version 19, from which nobody finds the password. Source: RFC 9106.
 *
 * @param cost how much work it is
 * @param salt 16 random bytes
 * @param hash 32 bytes
 */
record PasswordHash(Cost cost, byte[] salt, byte[] hash) {

    /**
     * How much work a hash is.
     *
     * @param passes how often the memory is gone over
     * @param memory in KiB
     * @param lanes  of how many parts it consists
     */
    record Cost(int passes, int memory, int lanes) {

        /** The second recommended option of RFC 9106, section 4. */
        static final Cost RECOMMENDED = new Cost(3, 64 << 10, 4);
    }

    private static final int SALT = 16;
    private static final int HASH = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** @param password the caller overwrites it */
    static PasswordHash of(Cost cost, char[] password) {
        byte[] salt = new byte[SALT];
        RANDOM.nextBytes(salt);
        return new PasswordHash(cost, salt, compute(cost, salt, password));
    }

    /** @return a hash that no password has */
    static PasswordHash none(Cost cost) {
        return new PasswordHash(cost, new byte[SALT], new byte[HASH]);
    }

    /** Compares in constant time. */
    boolean fits(char[] password) {
        byte[] other = compute(cost, salt, password);
        try {
            return MessageDigest.isEqual(hash, other);
        } finally {
            Arrays.fill(other, (byte) 0);
        }
    }

    private static byte[] compute(Cost cost, byte[] salt, char[] password) {
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(password));
        byte[] bytes = Arrays.copyOfRange(encoded.array(), encoded.position(), encoded.limit());
        Arrays.fill(encoded.array(), (byte) 0);
        try {
            Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
            argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id).withVersion(Argon2Parameters.ARGON2_VERSION_13)
                    .withIterations(cost.passes()).withMemoryAsKB(cost.memory()).withParallelism(cost.lanes()).withSalt(salt)
                    .build());
            byte[] hash = new byte[HASH];
            argon2.generateBytes(bytes, hash);
            return hash;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Shows nothing of the hash. */
    @Override
    public String toString() {
        return "PasswordHash[secret]";
    }
}
