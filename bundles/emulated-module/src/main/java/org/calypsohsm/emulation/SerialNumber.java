package org.calypsohsm.emulation;

import java.util.regex.Pattern;

/** Reads the serial number of a module from its configuration. */
public final class SerialNumber {

    private static final Pattern DIGITS = Pattern.compile("[0-9A-Fa-f]{8}");
    private static final int HEXADECIMAL = 16;

    private SerialNumber() {
    }

    /**
     * Reads a serial number.
     *
     * @param module name of the module, for the message
     * @param text   8 hexadecimal digits
     * @return the 4 bytes as one number
     * @throws IllegalArgumentException if the text is anything else
     */
    public static int parse(String module, String text) {
        if (text == null || !DIGITS.matcher(text).matches()) {
            throw new IllegalArgumentException("Module " + module + ": a serial number has 8 hexadecimal digits, not '" + text + "'.");
        }
        return Integer.parseUnsignedInt(text, HEXADECIMAL);
    }
}
