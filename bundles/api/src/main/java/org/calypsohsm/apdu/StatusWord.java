package org.calypsohsm.apdu;

/**
 * Status words of the SAM-S1 (two bytes at the end of each response APDU) and how to read them.
 * Source: sam-s1-apdu.md section 8; ISO/IEC 7816-4 section 5.1.3.
 */
public final class StatusWord {

    /** Done. */
    public static final int OK = 0x9000;
    /** Done; the data read is not signed. */
    public static final int OK_NOT_SIGNED = 0x6200;
    /** The key is not usable. */
    public static final int KEY_NOT_USABLE = 0x6600;
    /** Wrong Lc or Le. */
    public static final int WRONG_LENGTH = 0x6700;
    /** The event counter of the key is at its ceiling. */
    public static final int COUNTER_BLOCKED = 0x6900;
    /** Busy: signature verification is held back after a wrong signature. */
    public static final int BUSY = 0x6982;
    /** Preconditions not satisfied: locked, or a command in the wrong state. */
    public static final int CONDITIONS_NOT_SATISFIED = 0x6985;
    /** Wrong certificate, signature or unlock data. */
    public static final int SECURITY_DATA_WRONG = 0x6988;
    /** Wrong P1 or P2 (reference). */
    public static final int WRONG_REFERENCE = 0x6A00;
    /** Wrong data content. */
    public static final int WRONG_DATA = 0x6A80;
    /** Key or record not found. */
    public static final int NOT_FOUND = 0x6A83;
    /** Lc inconsistent with P1 P2. */
    public static final int LC_INCONSISTENT = 0x6A87;
    /** Unknown tag. */
    public static final int TAG_NOT_FOUND = 0x6A88;
    /** Wrong P1 or P2 (mode). */
    public static final int WRONG_MODE = 0x6B00;
    /** Wrong Le; the low byte is the right one. */
    public static final int WRONG_LE = 0x6C00;
    /** Unknown instruction. */
    public static final int UNKNOWN_INSTRUCTION = 0x6D00;
    /** Class not supported. */
    public static final int CLASS_NOT_SUPPORTED = 0x6E00;

    private StatusWord() {
    }

    /**
     * Reads the status word of a response.
     *
     * @param response a response APDU of at least 2 bytes
     * @return the last two bytes as 0..FFFF
     * @throws IllegalArgumentException if the response is shorter than 2 bytes
     */
    public static int of(byte[] response) {
        int n = response.length;
        if (n < 2) {
            throw new IllegalArgumentException("A response APDU has at least the 2 bytes of its status word, not " + n + ".");
        }
        return (response[n - 2] & 0xFF) << 8 | response[n - 1] & 0xFF;
    }

    /**
     * Tells whether a command was carried out: 9000, 61xx (more data) or 62xx (done, with a warning).
     *
     * @param statusWord 0..FFFF
     * @return true if the command was carried out
     */
    public static boolean isSuccessful(int statusWord) {
        int sw1 = statusWord >> 8;
        return statusWord == OK || sw1 == 0x61 || sw1 == 0x62;
    }

    /**
     * Makes a response without data.
     *
     * @param statusWord 0..FFFF
     * @return a new array of 2 bytes
     */
    public static byte[] response(int statusWord) {
        return new byte[] {(byte) (statusWord >> 8), (byte) statusWord};
    }

    /**
     * Says a status word in words.
     *
     * @param statusWord 0..FFFF
     * @return for example {@code "6985 preconditions not satisfied, locked or wrong state"}
     */
    public static String describe(int statusWord) {
        return String.format("%04X %s", statusWord & 0xFFFF, meaning(statusWord));
    }

    private static String meaning(int statusWord) {
        if (statusWord >> 8 == 0x61) {
            return "more data available";
        }
        if (statusWord >> 8 == 0x6C) {
            return "wrong Le";
        }
        return switch (statusWord) {
            case OK -> "done";
            case OK_NOT_SIGNED -> "done, data not signed";
            case KEY_NOT_USABLE -> "key not usable";
            case WRONG_LENGTH -> "wrong Lc or Le";
            case COUNTER_BLOCKED -> "event counter at its ceiling";
            case BUSY -> "busy";
            case CONDITIONS_NOT_SATISFIED -> "preconditions not satisfied, locked or wrong state";
            case SECURITY_DATA_WRONG -> "wrong certificate, signature or unlock data";
            case WRONG_REFERENCE -> "wrong P1 or P2 (reference)";
            case WRONG_DATA -> "wrong data content";
            case NOT_FOUND -> "key or record not found";
            case LC_INCONSISTENT -> "Lc inconsistent with P1 P2";
            case TAG_NOT_FOUND -> "unknown tag";
            case WRONG_MODE -> "wrong P1 or P2 (mode)";
            case UNKNOWN_INSTRUCTION -> "unknown instruction";
            case CLASS_NOT_SUPPORTED -> "class not supported";
            default -> "status word not listed for the SAM-S1";
        };
    }
}
