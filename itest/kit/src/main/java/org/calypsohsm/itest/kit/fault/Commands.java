package org.calypsohsm.itest.kit.fault;

import java.util.Arrays;
import java.util.function.Predicate;

/** Which commands a fault is for. */
public final class Commands {

    private static final int INS = 1;
    /** Card instructions that write: Increase, Decrease, their Multiple, Update, Write and Append Record, stored value. */
    private static final int[] CARD_WRITES = {0x30, 0x32, 0x3A, 0x3B, 0xB8, 0xBA, 0xBC, 0xD2, 0xDC, 0xE2};

    private Commands() {
    }

    /**
     * Commands of certain instructions, of the SAM or of a card.
     *
     * @param instructions instruction bytes, 00..FF, as in {@code ins(0x8A, 0x8C)}
     * @return true for APDUs with one of them
     */
    public static Predicate<byte[]> ins(int... instructions) {
        int[] wanted = instructions.clone();
        return command -> command.length > INS && Arrays.stream(wanted).anyMatch(instruction -> instruction == (command[INS] & 0xFF));
    }

    /** @return true for commands that write into files, counters or the stored value of a card */
    public static Predicate<byte[]> cardWrite() {
        return ins(CARD_WRITES);
    }
}
