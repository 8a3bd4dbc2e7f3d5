package org.calypsohsm.module;

/**
 * The forms of SAM that a virtual SAM can take, and what differs between them.
 * Source: sam-s1-apdu.md sections 1.1, 1.2 and 3.
 */
public enum SamForm {

    /** SAM-S1 Dx: class 94, no extended mode, no grouped digest updates. */
    S1D(0xD0, 0x20, 70),
    /** SAM-S1 E1: class 80 or 00, no extended mode. */
    S1E1(0xE1, 0x20, 240),
    /** HSM in the form of a SAM-C1: class 80 or 00, extended mode. */
    HSM_C1(0xC1, 0x08, 255);

    private final int subtype;
    private final int issuer;
    private final int maxDigestData;

    SamForm(int subtype, int issuer, int maxDigestData) {
        this.subtype = subtype;
        this.issuer = issuer;
        this.maxDigestData = maxDigestData;
    }

    /** @return the application subtype in the ATR, 0..FF */
    public int subtype() {
        return subtype;
    }

    /** @return the longest data field of a digest command, in bytes */
    public int maxDigestData() {
        return maxDigestData;
    }

    /** @return true if secure sessions in extended mode are allowed */
    public boolean extendedMode() {
        return this == HSM_C1;
    }

    /** @return true if Digest Update Multiple is known */
    public boolean digestUpdateMultiple() {
        return this != S1D;
    }

    /**
     * Tells whether a class byte is accepted.
     *
     * @param cla 0..FF
     * @return true for 94 with S1D, for 80 and 00 with the others
     */
    public boolean acceptsClass(int cla) {
        return this == S1D ? cla == 0x94 : cla == 0x80 || cla == 0x00;
    }

    /**
     * Makes the answer to reset.
     *
     * @param serialNumber 4 bytes, as one number
     * @param version      software version, 0..FF
     * @return 19 bytes
     */
    public byte[] atr(int serialNumber, int version) {
        return new byte[] {0x3B, 0x3F, (byte) 0x96, 0x00, (byte) 0x80, 0x5A, 0x00, (byte) 0x80, (byte) subtype, (byte) issuer,
            (byte) version, 0x00, (byte) (serialNumber >> 24), (byte) (serialNumber >> 16), (byte) (serialNumber >> 8),
            (byte) serialNumber, (byte) 0x82, (byte) 0x90, 0x00};
    }
}
