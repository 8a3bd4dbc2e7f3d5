package org.calypsohsm.card;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/**
 * The card products. Their algorithms are the project's reference profiles, not those of cards in the field.
 * Source: calypso-card.md section f.
 */
public enum CardProduct {

    /** Revision 1 by ATR, and treated as revision 2 after selection by AID: both forms of Open are accepted. */
    CD97(ReferenceProfile.DESX_CBC, "060A0103200311", true, OpenForm.REVISION_2_4, OpenForm.REVISION_1),
    /** Revision 2. */
    CD21(ReferenceProfile.TDES_RETAIL, "0A2E1302000101", true, OpenForm.REVISION_2_4),
    /** Revision 2; its counters answer their new value at once. */
    TANGO(ReferenceProfile.TDES_CBC, "03080381000200", false, OpenForm.REVISION_2_4),
    /**
     * Tango with AES as a revision 3 application: an extension of this project, not a known product. No public source
     * gives Tango an extended mode. Application type 2B = revision 3 with extended mode, PIN and stored value,
     * ratification at deselection; session modifications 0A = 430 bytes.
     */
    TANGO_AES(ReferenceProfile.AES_CMAC, "0A082B02000201", false, OpenForm.REVISION_3_EXTENDED, OpenForm.REVISION_3);

    /** Length of the startup information in bytes. */
    static final int STARTUP_LENGTH = 7;

    private static final int CLA_ISO = 0x00;
    private static final int CLA_LEGACY = 0x94;

    private final ReferenceProfile profile;
    private final byte[] startup;
    private final boolean postponesCounters;
    private final List<OpenForm> openForms;

    CardProduct(ReferenceProfile profile, String startup, boolean postponesCounters, OpenForm... openForms) {
        this.profile = profile;
        this.startup = HexFormat.of().parseHex(startup);
        this.postponesCounters = postponesCounters;
        this.openForms = List.of(openForms);
    }

    ReferenceProfile profile() {
        return profile;
    }

    /** @return the forms of Open Secure Session that the card accepts, the usual one after selection by AID first */
    public List<OpenForm> openForms() {
        return openForms;
    }

    /** @return true for a revision 3 application */
    public boolean isRevision3() {
        return openForms.get(0).isRevision3();
    }

    /** @return class byte of the card's commands: 94, or 00 for revision 3 */
    public int cla() {
        return isRevision3() ? CLA_ISO : CLA_LEGACY;
    }

    /** @return ALG code of the card's keys (security-profiles.md), 0..FF */
    public int alg() {
        return profile.alg();
    }

    /** @return KVC of all keys of a card that none was loaded into, 0..FF */
    public int kvc() {
        return TestKeys.kvc(alg());
    }

    /** @return startup information of the FCI: 7 bytes, a new array */
    public byte[] startupInformation() {
        return Arrays.copyOf(startup, STARTUP_LENGTH);
    }

    /** @return true if Increase and Decrease in a session answer 6200, and Close gives the new values */
    public boolean postponesCounters() {
        return postponesCounters;
    }

    /** @return largest data field of a command or response in bytes: 128, or 250 for revision 3 */
    public int payloadCapacity() {
        return isRevision3() ? 250 : 128;
    }

    /** @return false for CD21, which always has a PIN and stored value (calypso-card.md section f) */
    boolean isPinAndStoredValueOptional() {
        return this != CD21;
    }

    /** Keyple assumes it of revision 1 cards, and the type bit says it for revision 3 (calypso-card.md sections a and c). */
    boolean ratifiesOnDeselect() {
        return isRevision3() || openForms.contains(OpenForm.REVISION_1);
    }
}
