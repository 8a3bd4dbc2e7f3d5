package org.calypsohsm.card;

import java.util.Arrays;

/** Status words of a card. Source: calypso-card.md section b. */
final class CardStatus {

    static final int OK = 0x9000;
    /** Done, the value comes at Close; or, for Open, done but no session was opened (pre-open). */
    static final int POSTPONED = 0x6200;
    static final int INVALIDATED = 0x6283;
    /** The low digit is the number of tries that are left. */
    static final int WRONG_PIN = 0x63C0;
    static final int SESSION_FULL = 0x6400;
    static final int WRONG_LENGTH = 0x6700;
    /** No session, or no stored value operation, can follow any more. */
    static final int TRANSACTION_COUNTER_ZERO = 0x6900;
    static final int WRONG_FILE_TYPE = 0x6981;
    static final int SECURITY_NOT_FULFILLED = 0x6982;
    static final int BLOCKED = 0x6983;
    static final int ACCESS_FORBIDDEN = 0x6985;
    static final int NO_CURRENT_FILE = 0x6986;
    static final int WRONG_CERTIFICATE = 0x6988;
    static final int WRONG_DATA = 0x6A80;
    /** There is no such key; or, for SV Get, no such operation or mode. */
    static final int WRONG_KEY_INDEX = 0x6A81;
    static final int FILE_NOT_FOUND = 0x6A82;
    static final int RECORD_NOT_FOUND = 0x6A83;
    static final int LENGTH_AGAINST_P2 = 0x6A87;
    static final int DATA_OBJECT_NOT_FOUND = 0x6A88;
    static final int WRONG_PARAMETER = 0x6B00;
    /** The low byte is the right Le. */
    static final int WRONG_LE = 0x6C00;
    static final int UNKNOWN_INSTRUCTION = 0x6D00;
    static final int CLASS_NOT_SUPPORTED = 0x6E00;

    private CardStatus() {
    }

    /** Makes a response without data. */
    static byte[] response(int statusWord) {
        return new byte[] {(byte) (statusWord >> 8), (byte) statusWord};
    }

    /** Makes a response of data and status word. */
    static byte[] response(byte[] data, int statusWord) {
        byte[] response = Arrays.copyOf(data, data.length + 2);
        response[data.length] = (byte) (statusWord >> 8);
        response[data.length + 1] = (byte) statusWord;
        return response;
    }
}
