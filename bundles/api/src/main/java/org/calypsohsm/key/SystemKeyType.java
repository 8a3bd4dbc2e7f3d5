package org.calypsohsm.key;

/** The four system keys of a SAM-S1. Source: sam-s1-apdu.md section 4.2. */
public enum SystemKeyType {

    /** Protects writes of parameters and system keys. */
    PERSONALIZATION(0xE1, 0xC1),
    /** Protects writes of work keys. */
    KEY_MANAGEMENT(0xFD, 0xC2),
    /** Protects writes of ceilings. */
    RELOADING(0xE7, 0xC3),
    /** Signs the data read from the SAM. */
    AUTHENTICATION(0xFA, 0xC4);

    private final int kif;
    private final int reference;

    SystemKeyType(int kif, int reference) {
        this.kif = kif;
        this.reference = reference;
    }

    /** @return the KIF of this system key, 0..FF */
    public int kif() {
        return kif;
    }

    /** @return the record reference, C1..C4 */
    public int reference() {
        return reference;
    }
}
