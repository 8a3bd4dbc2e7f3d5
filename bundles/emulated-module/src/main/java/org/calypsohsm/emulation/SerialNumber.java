package org.calypsohsm.emulation;

/** Reads the serial number of a module from its configuration. */
public final class SerialNumber {

    private static final int DIGITS = 8;
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
        if (text.length() == DIGITS) {
            try {
                return Integer.parseUnsignedInt(text, HEXADECIMAL);
            } catch (NumberFormatException e) {
                // Said below, in the module's words.
            }
        }
        throw new IllegalArgumentException("Module " + module + ": a serial number has 8 hexadecimal digits, not '" + text + "'.");
    }
}
