package org.calypsohsm.sam;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.DiversifiedKey;

/**
 * The commands that read from the SAM: Read Key Parameters and Read Parameters, with their signature.
 * Source: sam-s1-apdu.md sections 4.6, 5.15 and 5.16; security-profiles.md, "Signature of data read from the SAM".
 */
final class ReadCommands {

    private static final int SIGNATURE = 8;
    /** Reference 1, serial number 4, authentication key 3, padding 3. */
    private static final int TRAILER = 11;
    private static final int PARAMETERS = 0xA0;
    private static final int SYSTEM_BY_KIF = 0xC0;
    private static final int LOCK = 0xE0;
    private static final int WORK_BY_KIF_KVC = 0xF0;
    private static final int FIRST_WITH_KIF = 0xF8;
    private static final int NEXT_WITH_KIF = 0xFA;

    private final int serialNumber;
    private final KeyGroup keys;
    private final PluginRegistry plugins;
    private final Challenges challenges;
    private int lastRecord;

    ReadCommands(int serialNumber, KeyGroup keys, PluginRegistry plugins, Challenges challenges) {
        this.serialNumber = serialNumber;
        this.keys = keys;
        this.plugins = plugins;
        this.challenges = challenges;
    }

    byte[] readKeyParameters(CommandApdu apdu) {
        int reference = apdu.p2();
        if (apdu.p1() != 0 || !isKeyReference(reference)) {
            return Responses.status(StatusWord.WRONG_REFERENCE);
        }
        int answer = SIGNATURE + SamKey.READABLE_LENGTH + TRAILER;
        // Le may be absent, 00, 10 or the right one (section 5.15).
        if (apdu.lc() != 2 || apdu.le() > 0 && apdu.le() != 0x10 && apdu.le() != answer) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        SamKey key = find(reference, apdu.data(0), apdu.data(1));
        if (key == null) {
            return Responses.status(StatusWord.NOT_FOUND);
        }
        byte[] record = new byte[SamKey.READABLE_LENGTH];
        key.copyReadable(record, 0);
        return signed(record, reference);
    }

    private static boolean isKeyReference(int reference) {
        return reference >= 1 && reference <= KeyGroup.LAST_WORK_KEY_RECORD
                || reference >= SYSTEM_BY_KIF && reference <= SystemKeyType.AUTHENTICATION.reference()
                || reference == LOCK || reference == WORK_BY_KIF_KVC
                || reference == FIRST_WITH_KIF || reference == NEXT_WITH_KIF;
    }

    private SamKey find(int reference, int kif, int kvc) {
        switch (reference) {
            case LOCK:
                return null;
            case WORK_BY_KIF_KVC:
                return keys.workKey(kif, kvc);
            case FIRST_WITH_KIF:
                return nextWithKif(kif, 0);
            case NEXT_WITH_KIF:
                return nextWithKif(kif, lastRecord);
            default:
                return reference <= KeyGroup.LAST_WORK_KEY_RECORD ? keys.workKeyAt(reference) : systemKey(reference, kif);
        }
    }

    private SamKey systemKey(int reference, int kif) {
        for (SystemKeyType type : SystemKeyType.values()) {
            if (reference == type.reference() || reference == SYSTEM_BY_KIF && kif == type.kif()) {
                return keys.systemKey(type);
            }
        }
        return null;
    }

    private SamKey nextWithKif(int kif, int after) {
        for (int record = after + 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = keys.workKeyAt(record);
            if (key != null && key.kif() == kif) {
                lastRecord = record;
                return key;
            }
        }
        return null;
    }

    byte[] readParameters(CommandApdu apdu) {
        // P1 C0 is sent by conformance tests and answers as 00 does (section 5.16).
        if (apdu.p1() != 0 && apdu.p1() != 0xC0 || apdu.p2() != PARAMETERS) {
            return Responses.status(StatusWord.WRONG_REFERENCE);
        }
        int answer = SIGNATURE + KeyGroup.PARAMETERS_LENGTH + TRAILER;
        if (apdu.lc() != 0) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        if (apdu.le() > 0 && apdu.le() != answer) {
            return Responses.status(StatusWord.WRONG_LE | answer);
        }
        return signed(keys.parameters(), PARAMETERS);
    }

    /** Lays out an answer as in section 4.6, and signs it if the group has an authentication key. */
    private byte[] signed(byte[] record, int reference) {
        SamKey authentication = keys.systemKey(SystemKeyType.AUTHENTICATION);
        byte[] rest = new byte[record.length + TRAILER];
        System.arraycopy(record, 0, rest, 0, record.length);
        int i = record.length;
        rest[i++] = (byte) reference;
        byte[] serial = serialNumber();
        System.arraycopy(serial, 0, rest, i, serial.length);
        i += serial.length;
        if (authentication != null) {
            rest[i] = (byte) authentication.kif();
            rest[i + 1] = (byte) authentication.kvc();
            rest[i + 2] = (byte) authentication.alg();
        }
        rest[i + 3] = (byte) 0x80;

        PluginSlot slot = authentication == null ? null : plugins.lease(authentication.alg());
        if (slot == null) {
            return answer(new byte[SIGNATURE], rest, StatusWord.OK_NOT_SIGNED);
        }
        try {
            if (!keys.countUse(authentication)) {
                return Responses.status(StatusWord.COUNTER_BLOCKED);
            }
            DiversifiedKey key = slot.plugin().diversify(authentication.alg(), authentication.value(), serial);
            try {
                return answer(key.signRead(challenges.readChallenge(), rest), rest, StatusWord.OK);
            } finally {
                Secrets.destroy(key::destroy);
            }
        } finally {
            slot.leave();
        }
    }

    private byte[] serialNumber() {
        return new byte[] {(byte) (serialNumber >> 24), (byte) (serialNumber >> 16), (byte) (serialNumber >> 8),
            (byte) serialNumber};
    }

    private static byte[] answer(byte[] signature, byte[] rest, int statusWord) {
        byte[] response = new byte[SIGNATURE + rest.length + 2];
        System.arraycopy(signature, 0, response, 0, SIGNATURE);
        System.arraycopy(rest, 0, response, SIGNATURE, rest.length);
        response[response.length - 2] = (byte) (statusWord >> 8);
        response[response.length - 1] = (byte) statusWord;
        return response;
    }
}
