package org.calypsohsm.sam;

import java.util.HexFormat;

/** Bytes and hex digits, where spaces are only for the reader. */
final class Hex {

    private static final HexFormat FORMAT = HexFormat.of().withUpperCase();

    private Hex() {
    }

    static byte[] bytes(String digits) {
        return FORMAT.parseHex(digits.replace(" ", ""));
    }

    static String text(byte[] bytes) {
        return FORMAT.formatHex(bytes);
    }

    static String text(int value) {
        return String.format("%02X", value);
    }
}
