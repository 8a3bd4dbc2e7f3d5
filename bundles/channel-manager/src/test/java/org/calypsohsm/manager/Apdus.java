package org.calypsohsm.manager;

import java.util.HexFormat;

/** The commands that {@link FakeModule} knows. */
final class Apdus {

    static final int SELECT_INS = 0x14;
    static final int BEGIN_INS = 0x8A;
    static final int UPDATE_INS = 0x8C;
    static final int END_INS = 0x8E;
    static final int READ_INS = 0xBE;

    /** Starts a session. */
    static final byte[] BEGIN = {(byte) 0x80, (byte) BEGIN_INS, 0, 0};
    /** Goes on with a session; 6985 without one. */
    static final byte[] UPDATE = {(byte) 0x80, (byte) UPDATE_INS, 0, 0};
    /** Ends a session; 6985 without one. */
    static final byte[] END = {(byte) 0x80, (byte) END_INS, 0, 0};
    /** Answers the number that was selected last. */
    static final byte[] READ = {(byte) 0x80, (byte) READ_INS, 0, 0, 0};
    /** Answered 6D00. */
    static final byte[] UNKNOWN = {(byte) 0x80, (byte) 0xFF, 0, 0};

    private Apdus() {
    }

    /** Selects a number, which is all the state that a channel has between sessions. */
    static byte[] select(int number) {
        return new byte[] {(byte) 0x80, SELECT_INS, 0, 0, 4, (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8),
            (byte) number};
    }

    /** The answer to {@link #READ} after {@link #select}. */
    static String selected(int number) {
        return String.format("%08X9000", number);
    }

    static String hex(byte[] response) {
        return HexFormat.of().withUpperCase().formatHex(response);
    }
}
