package org.calypsohsm.fuzz;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Spoils commands, and makes up new ones. */
final class Spoiler {

    private static final int[] INTERESTING = {0x00, 0x01, 0x02, 0x03, 0x08, 0x0D, 0x40, 0x80, 0x88, 0x9A, 0x9E, 0xA0, 0xA8, 0xAC, 0xB1,
            0xB3, 0xB8, 0xC0, 0xC1, 0xC4, 0xE0, 0xE1, 0xE8, 0xEE, 0xF0, 0xF8, 0xFA, 0xFF};
    private static final int[] LENGTHS = {0, 2, 3, 4, 5, 6, 8, 10, 13, 14, 16, 21, 30, 48, 54, 79, 80, 82, 254, 255};
    private static final int LONGEST_NOISE = 300;

    private final SplittableRandom random;

    Spoiler(SplittableRandom random) {
        this.random = random;
    }

    byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    int pick(int... values) {
        return values[random.nextInt(values.length)];
    }

    private byte anyByte() {
        return (byte) random.nextInt(256);
    }

    /** One fault in a command. */
    byte[] spoil(byte[] right) {
        byte[] command = right.clone();
        int n = command.length;
        if (n < 5) {
            return bytes(n + 1);
        }
        switch (random.nextInt(12)) {
            case 0, 1 -> command[random.nextInt(n)] ^= 1 << random.nextInt(8);
            case 2 -> command[random.nextInt(n)] = anyByte();
            case 3 -> command = Arrays.copyOf(command, random.nextInt(n));
            case 4 -> {
                command = Arrays.copyOf(command, n + 1 + random.nextInt(3));
                for (int i = n; i < command.length; i++) {
                    command[i] = random.nextBoolean() ? 0 : anyByte();
                }
            }
            case 5 -> command[4] += (byte) pick(1, -1, 2, -2, 8, 0x80);
            case 6 -> command[4] = (byte) pick(LENGTHS);
            case 7 -> command[2 + random.nextInt(2)] = (byte) pick(INTERESTING);
            case 8 -> command[random.nextInt(2)] = anyByte();
            case 9 -> command = extended(command);
            case 10 -> {
                for (int i = 5; i < n; i++) {
                    command[i] = anyByte();
                }
            }
            default -> {
                // Data of another length, with an Lc that fits.
                int length = random.nextInt(256);
                command = Arrays.copyOf(command, 5 + length);
                command[4] = (byte) length;
            }
        }
        return command;
    }

    /** The same command with lengths of three bytes, as in ISO/IEC 7816-4; the SAM-S1 knows only short ones. */
    private byte[] extended(byte[] command) {
        byte[] data = Arrays.copyOfRange(command, 5, command.length);
        byte[] header = Arrays.copyOf(command, 4);
        return switch (random.nextInt(3)) {
            case 0 -> Bytes.of(header, 0, Bytes.number(data.length, 2), data);
            case 1 -> Bytes.of(header, 0, Bytes.number(data.length, 2), data, Bytes.number(random.nextInt(0x10000), 2));
            default -> Bytes.of(header, 0, Bytes.number(random.nextInt(0x10000), 2));
        };
    }

    /** Bytes of any length, sometimes behind a header that a SAM takes. */
    byte[] noise(int cla) {
        byte[] noise = bytes(random.nextInt(LONGEST_NOISE + 1));
        if (noise.length > 1 && random.nextBoolean()) {
            noise[0] = (byte) cla;
            noise[1] = (byte) (random.nextBoolean() ? pick(Expectation.INSTRUCTIONS) : noise[1]);
        }
        return noise;
    }

    /** A command of the right shape with any of the 256 instructions. */
    byte[] anyCommand(int cla) {
        int ins = random.nextInt(3) == 0 ? random.nextInt(256) : pick(Expectation.INSTRUCTIONS);
        byte[] data = bytes(random.nextInt(3) == 0 ? random.nextInt(256) : pick(LENGTHS));
        byte[] header = {(byte) cla, (byte) ins, (byte) parameter(), (byte) parameter()};
        return switch (random.nextInt(4)) {
            case 0 -> Bytes.of(header, data.length, data, random.nextInt(256));
            case 1 -> Bytes.of(header, pick(0, 4, 8, 0x20, 0x30, random.nextInt(256)));
            default -> Bytes.of(header, data.length, data);
        };
    }

    private int parameter() {
        return random.nextInt(3) == 0 ? random.nextInt(256) : pick(INTERESTING);
    }
}
