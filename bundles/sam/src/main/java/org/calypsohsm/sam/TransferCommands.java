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
    private static final int BLOCK = 48;
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
    private final Lock lock;

    TransferCommands(KeyUse use, Challenges challenges, Lock lock) {
        this.use = use;
        this.challenges = challenges;
        this.lock = lock;
    }

    /** Both commands share the instruction; P2 tells them apart, and Lc must fit it. */
    byte[] run(CommandApdu apdu) throws Refusal {
        int target = apdu.p2();
        boolean isKey = RecordReference.isKeyTarget(target);
        Refusal.unless(isKey && apdu.p1() <= DIVERSIFY || RecordReference.isData(target) && apdu.p1() == 0,
                StatusWord.WRONG_REFERENCE);
        Refusal.unless(!isKey ? apdu.lc() == DATA_CIPHER_LC
                : apdu.lc() == GENERATE_KEY_LC || apdu.lc() == GENERATE_KEY_DIVERSIFIED_LC && apdu.p1() == DIVERSIFY,
                StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        byte[] challenge = challenges.requireIncoming();
        byte[] diversifier = challenges.requireDiversifier();
        SamKey key = use.systemKey(RecordReference.protecting(target), apdu.data(0));
        if (!isKey) {
            KeyUse.requireCipherEnabled(key);
            return seal(key, diversifier, challenge, apdu.data(1, RECORD), target);
        }
        SamKey ownLock = ownLock(apdu, key.alg());
        try {
            SamKey source = KeyUse.usable(ownLock != null ? ownLock : source(target, apdu.data(1), apdu.data(2)));
            KeyUse.requireCipherEnabled(key);
            byte[] record = keyRecord(apdu, source, diversifier);
            try {
                return seal(key, diversifier, challenge, record, target);
            } finally {
                Arrays.fill(record, (byte) 0);
            }
        } finally {
            if (ownLock != null) {
                ownLock.value().destroy();
            }
        }
    }

    private byte[] seal(SamKey key, byte[] diversifier, byte[] challenge, byte[] record, int target) throws Refusal {
        byte[] block = use.counted(key, diversifier, SecurityPlugin.Function.TRANSFER,
                (diversified, counter) -> FromPlugin.bytes(diversified.sealTransfer(challenge, record, target), BLOCK));
        challenges.useIncoming();
        return Responses.ok(block);
    }

    private byte[] keyRecord(CommandApdu apdu, SamKey source, byte[] diversifier) throws Refusal {
        boolean isLock = apdu.p2() == RecordReference.LOCK;
        int parametersAt = isLock ? LOCK_PARAMETERS_AT : PARAMETERS_AT;
        byte[] parameters = apdu.data(PARAMETERS_AT, PARAMETERS);
        byte[] value = value(apdu, source, diversifier);
        byte[] record = new byte[RECORD];
        source.copyReadable(record, 0);
        if (isLock) {
            record[0] = (byte) Lock.KIF;
        }
        Arrays.fill(record, parametersAt, VALUE_AT, (byte) 0);
        System.arraycopy(parameters, 0, record, parametersAt, PARAMETERS);
        System.arraycopy(value, 0, record, VALUE_AT, KeyValue.LENGTH);
        Arrays.fill(value, (byte) 0);
        return record;
    }

    /**
     * The lock of this SAM itself as the source of a lock. It has no ALG of its own, so it takes that of the protecting key.
     *
     * @return null if the command names another source
     */
    private SamKey ownLock(CommandApdu apdu, int alg) {
        if (apdu.p2() != RecordReference.LOCK || apdu.data(1) != Lock.KIF) {
            return null;
        }
        byte[] file = use.keys().lockFile();
        byte[] value = Arrays.copyOfRange(file, VALUE_AT, VALUE_AT + KeyValue.LENGTH);
        try {
            return (file[0] & 0xFF) != Lock.KIF || (file[1] & 0xFF) != apdu.data(2) ? null
                    : new SamKey(RecordReference.LOCK, Lock.KIF, apdu.data(2), alg, new byte[PARAMETERS], KeyValue.copyOf(value));
        } finally {
            Arrays.fill(file, (byte) 0);
            Arrays.fill(value, (byte) 0);
        }
    }

    /** A system key of this SAM can only become the same of another; what a SAM hands out otherwise lies in its work keys. */
    private SamKey source(int target, int kif, int kvc) {
        KeyGroup keys = use.keys();
        if (target == RecordReference.SYSTEM_BY_KIF) {
            for (SystemKeyType type : SystemKeyType.values()) {
                SamKey key = keys.systemKey(type);
                if (key != null && key.kif() == kif && key.kvc() == kvc) {
                    return key;
                }
            }
        }
        return keys.workKey(kif, kvc);
    }

    /** The value to transfer: as it is, or diversified for the target by the data or by the selected diversifier. */
    private byte[] value(CommandApdu apdu, SamKey source, byte[] selected) throws Refusal {
        if (apdu.p1() != DIVERSIFY) {
            return source.value().revealKeyBytes();
        }
        byte[] diversifier = apdu.lc() == GENERATE_KEY_DIVERSIFIED_LC
                ? apdu.data(PARAMETERS_AT + PARAMETERS, DIVERSIFIER) : selected;
        return use.uncounted(source, diversifier, (diversified, counter) -> {
            KeyValue revealed = diversified.revealKey();
            byte[] value = revealed.revealKeyBytes();
            revealed.destroy();
            return value;
        });
    }
}
