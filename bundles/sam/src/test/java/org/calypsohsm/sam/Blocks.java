package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/** What test commands carry, in hex: sealed and plain blocks of 48 bytes, records, data of SV Prepare, signatures. */
final class Blocks {

    /** Ten parameter bytes of a key that may cipher. */
    static final String PARAMETERS = "01000000000000000000";
    /** Value of a key or lock. */
    static final String VALUE = "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";
    /** A key that the test group does not have. */
    static final String WORK_KEY = "420140" + PARAMETERS + VALUE;
    /** A successor of the personalization key. */
    static final String SYSTEM_KEY = "E10140" + PARAMETERS + VALUE;
    /** A lock that is enabled. */
    static final String LOCK = "EF0100" + "00000000" + "80" + "0000000000" + VALUE;
    /** SAM parameters with all enable bits but the two locks. */
    static final String SAM_PARAMETERS = "0C" + "11".repeat(28);
    /** Nine ceilings and the flags of the slots 0 and 8. */
    static final String CEILINGS = "000001 000002 000003 000004 000005 000006 000007 000008 FFFFFA 0101".replace(" ", "");
    /** Ceiling 5 alone. */
    static final String CEILING = "05 000100".replace(" ", "") + "00".repeat(25);

    private Blocks() {
    }

    /** Seals a record for {@link Sam#SERIAL} under a system key of the test group, without any SAM. */
    static String seal(SystemKeyType type, String challenge, String record, String p2) {
        return seal(ReferenceProfile.TDES_CBC, type, challenge, record, p2);
    }

    static String seal(ReferenceProfile profile, SystemKeyType type, String challenge, String record, String p2) {
        assertThat(record).hasSize(2 * 29);
        byte[] block = profile.diversify(TestKeys.value(0, type.kif(), TestKeys.SYSTEM_KVC), Responses.bytes(Sam.SERIAL))
                .sealTransfer(Hex.bytes(challenge), Hex.bytes(record), Hex.bytes(p2)[0]);
        return Hex.text(block);
    }

    /** A plain block as in section 4.6. */
    static String plain(String record, String p2) {
        assertThat(record).hasSize(2 * 29);
        return "00".repeat(8) + record + p2 + "00".repeat(7) + "800000";
    }

    /** Signs with the debit key of the test group, without any SAM. */
    static String sign(String message, int length) {
        return sign(ReferenceProfile.TDES_CBC, message, length);
    }

    static String sign(ReferenceProfile profile, String message, int length) {
        return Hex.text(profile.diversify(TestKeys.value(0, TestKeys.DEBIT, TestKeys.kvc(profile.alg())),
                Hex.bytes(Sam.DIVERSIFIER)).sign(Hex.bytes(message), length));
    }

    /** Data of SV Prepare (section 5.13). */
    static String storedValue(int cardInstruction, boolean extended, int kvc) {
        boolean load = cardInstruction == 0xB8;
        int length = extended ? 0x3D : load ? 0x21 : 0x1E;
        String challenge = extended ? "C1C2C3C4C5C6C7C8" : "";
        String got = challenge + Hex.text(kvc) + "5A".repeat(length - 1 - challenge.length() / 2);
        int lc = load ? extended ? 0x1C : 0x17 : extended ? 0x19 : 0x14;
        return "7C0007" + Hex.text(length) + got + "9000" + Hex.text(cardInstruction) + "0000" + Hex.text(lc) + "00"
                + "A5".repeat(load ? 10 : 7);
    }
}
