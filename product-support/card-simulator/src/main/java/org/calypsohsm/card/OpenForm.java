package org.calypsohsm.card;

/** Forms of Open Secure Session. Source: calypso-card.md section b, "Open Secure Session". */
public enum OpenForm {

    /** CLA 94; the answer has no KIF and no KVC. */
    REVISION_1,
    /** CLA 94, P1 + 80; the answer has the KVC. */
    REVISION_2_4,
    /** CLA 00, P2 = SFI * 8 + 1; the answer has KIF and KVC, certificates have 4 bytes. */
    REVISION_3,
    /** CLA 00, P2 = SFI * 8 + 2; the answer has KIF and KVC, certificates have 8 bytes. */
    REVISION_3_EXTENDED;

    /** @return true for the only form with 8-byte SAM challenge and certificates */
    public boolean isExtended() {
        return this == REVISION_3_EXTENDED;
    }

    /** @return true for the forms of revision 3 cards */
    public boolean isRevision3() {
        return this == REVISION_3 || this == REVISION_3_EXTENDED;
    }

    /** @return length of the SAM challenge and of each certificate in bytes: 4 or 8 */
    public int certificateLength() {
        return isExtended() ? 8 : 4;
    }
}
