package org.calypsohsm.sam;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.DiversifiedKey;

/**
 * The commands that read from the SAM: Read Key Parameters, Read Parameters, Read Event Counter, Read Ceilings, with their
 * signature.
 * Source: sam-s1-apdu.md sections 4.6, 5.15 and 5.16; security-profiles.md, "Signature of data read from the SAM".
 */
final class ReadCommands {

    private static final int SIGNATURE = 8;
    /** Reference 1, serial number 4, authentication key 3, padding 3. */
    private static final int TRAILER = 11;
    private static final int RECORD = 29;
    private static final int COUNTERS_IN_RECORD = 9;
    private static final int COUNTER = 3;

    private final int serialNumber;
    private final KeyGroup keys;
    private final KeyUse use;
    private final Challenges challenges;
    private int lastRecord;

    ReadCommands(int serialNumber, KeyUse use, Challenges challenges) {
        this.serialNumber = serialNumber;
        this.use = use;
        this.keys = use.keys();
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
        byte[] record = new byte[SamKey.READABLE_LENGTH];
        if (reference == RecordReference.LOCK) {
            byte[] file = keys.lockFile();
            System.arraycopy(file, 0, record, 0, record.length);
            Arrays.fill(file, (byte) 0);
            if ((record[0] & 0xFF) != Lock.KIF) {
                return Responses.status(StatusWord.NOT_FOUND);
            }
        } else {
            SamKey key = find(reference, apdu.data(0), apdu.data(1));
            if (key == null) {
                return Responses.status(StatusWord.NOT_FOUND);
            }
            key.copyReadable(record, 0);
        }
        return signed(record, reference);
    }

    private static boolean isKeyReference(int reference) {
        return RecordReference.isKeyTarget(reference)
                || reference > RecordReference.SYSTEM_BY_KIF && reference <= SystemKeyType.AUTHENTICATION.reference()
                || reference == RecordReference.FIRST_WITH_KIF || reference == RecordReference.NEXT_WITH_KIF;
    }

    private SamKey find(int reference, int kif, int kvc) {
        switch (reference) {
            case RecordReference.WORK_BY_KIF_KVC:
                return keys.workKey(kif, kvc);
            case RecordReference.FIRST_WITH_KIF:
                return nextWithKif(kif, 0);
            case RecordReference.NEXT_WITH_KIF:
                return nextWithKif(kif, lastRecord);
            default:
                return reference <= KeyGroup.LAST_WORK_KEY_RECORD ? keys.workKeyAt(reference) : systemKey(reference, kif);
        }
    }

    private SamKey systemKey(int reference, int kif) {
        for (SystemKeyType type : SystemKeyType.values()) {
            if (reference == type.reference() || reference == RecordReference.SYSTEM_BY_KIF && kif == type.kif()) {
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

    /** Reads SAM parameters, event counters or ceilings. */
    byte[] readData(CommandApdu apdu) {
        byte[] record = record(apdu.p1(), apdu.p2());
        if (record == null) {
            return Responses.status(StatusWord.WRONG_REFERENCE);
        }
        int answer = SIGNATURE + RECORD + TRAILER;
        if (apdu.lc() != 0) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        if (apdu.le() > 0 && apdu.le() != answer) {
            return Responses.status(StatusWord.WRONG_LE | answer);
        }
        return signed(record, apdu.p2());
    }

    /** @return the record that P1 and P2 name, 29 bytes; null if they name none */
    private byte[] record(int p1, int reference) {
        if (reference == RecordReference.PARAMETERS) {
            // P1 C0 is sent by conformance tests and answers as 00 does (section 5.16).
            return p1 == 0 || p1 == 0xC0 ? keys.parameters() : null;
        }
        if (reference == RecordReference.SINGLE_CEILING) {
            return p1 < KeyGroup.COUNTERS ? single(p1, keys.ceiling(p1)) : null;
        }
        if (p1 != 0) {
            return null;
        }
        int number = reference - RecordReference.SINGLE_COUNTER;
        if (number >= 0 && number < KeyGroup.COUNTERS) {
            return single(number, keys.eventCounter(number));
        }
        byte[] record = new byte[RECORD];
        if (reference >= RecordReference.FIRST_COUNTERS && reference <= RecordReference.LAST_COUNTERS) {
            fill(record, (reference - RecordReference.FIRST_COUNTERS) * COUNTERS_IN_RECORD, keys::eventCounter);
        } else if (reference >= RecordReference.FIRST_CEILINGS && reference <= RecordReference.LAST_CEILINGS) {
            int first = (reference - RecordReference.FIRST_CEILINGS) * COUNTERS_IN_RECORD;
            fill(record, first, keys::ceiling);
            int flags = 0;
            for (int slot = 0; slot < COUNTERS_IN_RECORD; slot++) {
                flags |= keys.isFree(first + slot) ? 1 << slot : 0;
            }
            record[RECORD - 2] = (byte) (flags >> 8);
            record[RECORD - 1] = (byte) flags;
        } else {
            return null;
        }
        return record;
    }

    /** The layout of a single value is not public; it is given as SAM Data Cipher takes a single ceiling (section 5.20). */
    private static byte[] single(int number, int value) {
        byte[] record = new byte[RECORD];
        record[0] = (byte) number;
        System.arraycopy(Responses.bytes(value), 1, record, 1, COUNTER);
        return record;
    }

    private static void fill(byte[] record, int first, IntUnaryOperator values) {
        for (int slot = 0; slot < COUNTERS_IN_RECORD; slot++) {
            System.arraycopy(Responses.bytes(values.applyAsInt(first + slot)), 1, record, slot * COUNTER, COUNTER);
        }
    }

    /** Lays out an answer as in section 4.6, and signs it if the group has an authentication key. */
    private byte[] signed(byte[] record, int reference) {
        SamKey there = keys.systemKey(SystemKeyType.AUTHENTICATION);
        SamKey authentication = there == null || !there.isUsable() ? null : there;
        byte[] rest = new byte[record.length + TRAILER];
        System.arraycopy(record, 0, rest, 0, record.length);
        int i = record.length;
        rest[i++] = (byte) reference;
        byte[] serial = Responses.bytes(serialNumber);
        System.arraycopy(serial, 0, rest, i, serial.length);
        i += serial.length;
        if (authentication != null) {
            rest[i] = (byte) authentication.kif();
            rest[i + 1] = (byte) authentication.kvc();
            rest[i + 2] = (byte) authentication.alg();
        }
        rest[i + 3] = (byte) 0x80;

        PluginSlot slot = authentication == null ? null : use.plugins().lease(authentication.alg());
        if (slot == null) {
            return answer(new byte[SIGNATURE], rest, StatusWord.OK_NOT_SIGNED);
        }
        try {
            if (use.tryCount(authentication) == KeyGroup.BLOCKED) {
                return Responses.status(StatusWord.COUNTER_BLOCKED);
            }
            DiversifiedKey key = slot.plugin().diversify(authentication.alg(), authentication.value(), serial);
            try {
                return answer(FromPlugin.bytes(key.signRead(challenges.readChallenge(), rest), SIGNATURE), rest, StatusWord.OK);
            } finally {
                Secrets.destroy(key::destroy);
            }
        } finally {
            slot.leave();
        }
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
