package org.calypsohsm.profile;

import java.util.HexFormat;

/** Bytes from hex digits, where spaces are only for the reader. */
final class Hex {

    private Hex() {
    }

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }
}
