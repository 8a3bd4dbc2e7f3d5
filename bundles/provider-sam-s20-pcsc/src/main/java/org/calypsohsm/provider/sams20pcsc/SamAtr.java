package org.calypsohsm.provider.sams20pcsc;

import java.util.HexFormat;

/**
 * The answer to reset of a Calypso SAM. Source: sam-s1-apdu.md section 1.1.
 *
 * @param subtype      application subtype: D0 to D7, E1, C1
 * @param version      software version
 * @param serialNumber 4 bytes, as one number
 */
record SamAtr(int subtype, int version, int serialNumber) {

    private static final int LENGTH = 19;
    private static final int MARKER_AT = 4;
    private static final int TYPE_AT = 7;
    private static final int SUBTYPE_AT = 8;
    private static final int VERSION_AT = 10;
    private static final int SERIAL_AT = 12;
    private static final int SAM = 0x80;

    /** @return what the bytes say; null if they are of no SAM */
    static SamAtr of(byte[] atr) {
        if (atr.length != LENGTH || atr[0] != 0x3B || atr[MARKER_AT] != (byte) 0x80 || atr[MARKER_AT + 1] != 0x5A
                || (atr[TYPE_AT] & 0xFF) != SAM) {
            return null;
        }
        int serial = 0;
        for (int i = SERIAL_AT; i < SERIAL_AT + Integer.BYTES; i++) {
            serial = serial << 8 | atr[i] & 0xFF;
        }
        return new SamAtr(atr[SUBTYPE_AT] & 0xFF, atr[VERSION_AT] & 0xFF, serial);
    }

    /** @return class of its commands: 94 for a SAM-S1 Dx, otherwise 80 */
    int samClass() {
        return (subtype & 0xF8) == 0xD0 ? 0x94 : 0x80;
    }

    static String text(byte[] atr) {
        return HexFormat.of().withUpperCase().formatHex(atr);
    }
}
