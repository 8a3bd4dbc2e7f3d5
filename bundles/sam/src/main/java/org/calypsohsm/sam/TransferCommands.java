package org.calypsohsm.sam;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.SecurityPlugin;

/**
 * The commands of a control SAM, which seal records for another SAM: SAM Data Cipher and SAM Generate Key.
 * Source: sam-s1-apdu.md sections 5.20 and 5.21; security-profiles.md, "Key and parameter transfer between SAMs".
 */
final class TransferCommands {

    private static final int RECORD = 29;
    private static final int DATA_CIPHER_LC = 1 + RECORD;
    private static final int GENERATE_KEY_LC = 13;
    private static final int GENERATE_KEY_DIVERSIFIED_LC = 21;
    private static final int PARAMETERS = 10;
    private static final int PARAMETERS_AT = 3;
    private static final int DIVERSIFIER = 8;
    /** Ten parameter bytes of a lock begin with its ALG byte, so that byte 5 is PAR5: the only reading that fits (5.21). */
    private static final int LOCK_PARAMETERS_AT = 2;
    private static final int VALUE_AT = 13;
    private static final int DIVERSIFY = 0x01;

    private final KeyUse use;
    private final Challenges challenges;

    TransferCommands(KeyUse use, Challenges challenges) {
        this.use = use;
        this.challenges = challenges;
    }

    /** Both commands share the instruction; Lc and P2 tell them apart. */
    byte[] run(CommandApdu apdu) throws Refusal {
        SystemKeyType protecting = RecordReference.protecting(apdu.p2());
        if (apdu.lc() == DATA_CIPHER_LC && RecordReference.isData(apdu.p2())) {
            Refusal.unless(apdu.p1() == 0, StatusWord.WRONG_REFERENCE);
            return seal(apdu, protecting, apdu.data(1, RECORD));
        }
        Refusal.unless(RecordReference.isKeyTarget(apdu.p2()) && apdu.p1() <= DIVERSIFY
                || RecordReference.isData(apdu.p2()) && apdu.p1() == 0, StatusWord.WRONG_REFERENCE);
        Refusal.unless(RecordReference.isKeyTarget(apdu.p2())
                && (apdu.lc() == GENERATE_KEY_LC || apdu.lc() == GENERATE_KEY_DIVERSIFIED_LC && apdu.p1() == DIVERSIFY),
                StatusWord.WRONG_LENGTH);
        challenges.requireIncoming();
        byte[] record = keyRecord(apdu);
        try {
            return seal(apdu, protecting, record);
        } finally {
            Arrays.fill(record, (byte) 0);
        }
    }

    private byte[] seal(CommandApdu apdu, SystemKeyType protecting, byte[] record) throws Refusal {
        byte[] challenge = challenges.requireIncoming();
        byte[] diversifier = challenges.requireDiversifier();
        SamKey key = use.systemKey(protecting, apdu.data(0));
        KeyUse.requireCipherEnabled(key);
        byte[] block = use.counted(key, diversifier, SecurityPlugin.Function.TRANSFER,
                (diversified, counter) -> diversified.sealTransfer(challenge, record, apdu.p2()));
        challenges.useIncoming();
        return Responses.ok(block);
    }

    private byte[] keyRecord(CommandApdu apdu) throws Refusal {
        boolean lock = apdu.p2() == RecordReference.LOCK;
        int kif = apdu.data(1);
        int kvc = apdu.data(2);
        byte[] record;
        if (lock && kif == Lock.KIF) {
            record = use.keys().lockFile();
            Refusal.unless((record[0] & 0xFF) == Lock.KIF, StatusWord.NOT_FOUND);
        } else {
            record = new byte[RECORD];
            SamKey source = KeyUse.usable(source(apdu.p2(), kif, kvc));
            source.copyReadable(record, 0);
            byte[] value = value(apdu, source);
            System.arraycopy(value, 0, record, VALUE_AT, KeyValue.LENGTH);
            Arrays.fill(value, (byte) 0);
        }
        byte[] parameters = apdu.data(PARAMETERS_AT, PARAMETERS);
        if (lock) {
            record[0] = (byte) Lock.KIF;
            Arrays.fill(record, LOCK_PARAMETERS_AT, VALUE_AT, (byte) 0);
            System.arraycopy(parameters, 0, record, LOCK_PARAMETERS_AT, PARAMETERS);
        } else {
            System.arraycopy(parameters, 0, record, PARAMETERS_AT, PARAMETERS);
        }
        return record;
    }

    private SamKey source(int target, int kif, int kvc) {
        KeyGroup keys = use.keys();
        if (target != RecordReference.SYSTEM_BY_KIF) {
            return keys.workKey(kif, kvc);
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            SamKey key = keys.systemKey(type);
            if (key != null && key.kif() == kif && key.kvc() == kvc) {
                return key;
            }
        }
        return keys.workKey(kif, kvc);
    }

    /** The value to transfer: as it is, or diversified for the target by the data or by the selected diversifier. */
    private byte[] value(CommandApdu apdu, SamKey source) throws Refusal {
        if (apdu.p1() != DIVERSIFY) {
            return source.value().revealKeyBytes();
        }
        byte[] diversifier = apdu.lc() == GENERATE_KEY_DIVERSIFIED_LC
                ? apdu.data(PARAMETERS_AT + PARAMETERS, DIVERSIFIER) : challenges.requireDiversifier();
        return use.uncounted(source, diversifier, (diversified, counter) -> diversified.revealKey().revealKeyBytes());
    }
}
