package org.calypsohsm.apdu;

import java.util.Arrays;

/**
 * A read-only view of a command APDU with short lengths (ISO/IEC 7816-3 section 12.1.3: cases 1 to 4).
 * It never copies the bytes, and it never fails: an APDU of the wrong shape says so by {@link #isWellFormed()}.
 */
public final class CommandApdu {

    private static final int HEADER = 4;
    private static final int LONGEST_DATA = 255;

    private final byte[] bytes;
    private final int lc;
    private final int le;
    private final boolean wellFormed;

    private CommandApdu(byte[] bytes) {
        this.bytes = bytes;
        int n = bytes.length;
        int p3 = n > HEADER ? bytes[HEADER] & 0xFF : 0;
        if (n <= HEADER) {
            lc = 0;
            le = -1;
            wellFormed = n == HEADER;
        } else if (n == HEADER + 1) {
            lc = 0;
            le = p3;
            wellFormed = true;
        } else {
            lc = p3;
            le = n == HEADER + 2 + p3 ? bytes[n - 1] & 0xFF : -1;
            wellFormed = p3 != 0 && (n == HEADER + 1 + p3 || n == HEADER + 2 + p3);
        }
    }

    /**
     * Views a command APDU.
     *
     * @param bytes the APDU; the view keeps this array, so it must not change while the view is in use
     * @return the view
     */
    public static CommandApdu of(byte[] bytes) {
        return new CommandApdu(bytes);
    }

    /**
     * Makes a command that sends data (case 3), or neither sends nor expects any (case 1).
     *
     * @param cla  class, 0..FF
     * @param ins  instruction, 0..FF
     * @param p1p2 P1 and P2, 0..FFFF
     * @param data 0 to 255 bytes
     * @return the APDU
     * @throws IllegalArgumentException if there are more bytes
     * @since 1.1
     */
    public static byte[] sending(int cla, int ins, int p1p2, byte... data) {
        if (data.length > LONGEST_DATA) {
            throw new IllegalArgumentException("A command with a short length sends at most " + LONGEST_DATA + " bytes, not "
                    + data.length + ".");
        }
        byte[] apdu = header(data.length == 0 ? HEADER : HEADER + 1 + data.length, cla, ins, p1p2);
        if (data.length > 0) {
            apdu[HEADER] = (byte) data.length;
            System.arraycopy(data, 0, apdu, HEADER + 1, data.length);
        }
        return apdu;
    }

    /**
     * Makes a command that only expects data (case 2).
     *
     * @param cla  class, 0..FF
     * @param ins  instruction, 0..FF
     * @param p1p2 P1 and P2, 0..FFFF
     * @param le   how many bytes are expected, 1..FF; 0 stands for 256
     * @return the APDU
     * @since 1.1
     */
    public static byte[] expecting(int cla, int ins, int p1p2, int le) {
        byte[] apdu = header(HEADER + 1, cla, ins, p1p2);
        apdu[HEADER] = (byte) le;
        return apdu;
    }

    private static byte[] header(int length, int cla, int ins, int p1p2) {
        byte[] apdu = new byte[length];
        apdu[0] = (byte) cla;
        apdu[1] = (byte) ins;
        apdu[2] = (byte) (p1p2 >> 8);
        apdu[3] = (byte) p1p2;
        return apdu;
    }

    /**
     * Tells whether the length fits one of the four cases with short lengths.
     *
     * @return false if the APDU is shorter than 4 bytes or its length disagrees with Lc
     */
    public boolean isWellFormed() {
        return wellFormed;
    }

    /**
     * Tells whether the four header bytes are there, so that {@link #cla()} to {@link #p2()} may be read.
     *
     * @return true if the APDU has at least 4 bytes
     */
    public boolean hasHeader() {
        return bytes.length >= HEADER;
    }

    /** @return the class byte, 0..FF */
    public int cla() {
        return bytes[0] & 0xFF;
    }

    /** @return the instruction byte, 0..FF */
    public int ins() {
        return bytes[1] & 0xFF;
    }

    /** @return parameter 1, 0..FF */
    public int p1() {
        return bytes[2] & 0xFF;
    }

    /** @return parameter 2, 0..FF */
    public int p2() {
        return bytes[3] & 0xFF;
    }

    /** @return P1 and P2 as one number, 0..FFFF */
    public int p1p2() {
        return p1() << 8 | p2();
    }

    /** @return the length of the data field, 0..255; 0 if there is none */
    public int lc() {
        return lc;
    }

    /** @return the Le byte as sent, 0..FF (0 asks for 256 bytes); -1 if there is none */
    public int le() {
        return le;
    }

    /** @return where the data field starts in {@link #bytes()}: always 5 */
    public int dataOffset() {
        return HEADER + 1;
    }

    /**
     * Reads one byte of the data field.
     *
     * @param index 0 to Lc - 1
     * @return the byte, 0..FF
     */
    public int data(int index) {
        return bytes[HEADER + 1 + index] & 0xFF;
    }

    /**
     * Copies a part of the data field.
     *
     * @param index  0 to Lc - 1
     * @param length how many bytes
     * @return a new array
     */
    public byte[] data(int index, int length) {
        return Arrays.copyOfRange(bytes, HEADER + 1 + index, HEADER + 1 + index + length);
    }

    /** @return the viewed array itself, not a copy */
    public byte[] bytes() {
        return bytes;
    }

    /** @return the header only; a data field may hold what must not be logged */
    @Override
    public String toString() {
        return hasHeader()
                ? String.format("APDU %02X %02X %02X %02X, %d bytes", cla(), ins(), p1(), p2(), bytes.length)
                : "APDU of " + bytes.length + " bytes, without a header";
    }
}
