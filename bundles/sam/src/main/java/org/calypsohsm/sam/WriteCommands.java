package org.calypsohsm.sam;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

/**
 * The commands of a target SAM, which write what a control SAM sealed: Write Key, Write Ceilings, Write Parameters.
 * Source: sam-s1-apdu.md sections 4.5, 4.6, 5.22, 5.23 and 6.4. The positions of the enable bits are a choice (README).
 */
final class WriteCommands {

    /** Byte 0 of the SAM parameters. */
    static final int SYSTEM_LOCK_ENABLE = 0x01;
    static final int WORK_KEYS_LOCK_ENABLE = 0x02;
    static final int PLAIN_WORK_KEY_INPUT_ENABLE = 0x04;
    static final int STATIC_CIPHER_ENABLE = 0x08;

    private static final int PLAIN = 0x80;
    private static final int RANDOM = 0x40;
    private static final int STATIC = 0x08;
    private static final int BLOCK = 48;
    private static final int CAAD_CONTROL = 32;
    private static final int RECORD = 29;
    private static final int RECORD_AT = 8;
    private static final int REFERENCE_AT = 37;
    private static final int PADDING_AT = 45;
    private static final int VALUE_AT = 13;
    private static final int PARAMETERS_AT = 3;
    private static final int PAR6 = 6;
    private static final int FIRST_CAAD = 0x81;
    private static final int LAST_CAAD = 0x87;
    private static final int FIRST_ZERO_PARAMETER = 7;
    private static final int SYSTEM_KIF_BIT = 0x80;
    private static final int COUNTERS_IN_RECORD = 9;
    private static final int COUNTER = 3;
    private static final int CHALLENGE = 8;
    /** ALG code of the project's DESX keys. */
    private static final int DESX = 0x20;
    private static final int DESX_GROWTH = 131_071;

    private final int serialNumber;
    private final KeyUse use;
    private final Challenges challenges;
    private final RandomSource random;
    private final Lock lock;

    WriteCommands(int serialNumber, KeyUse use, Challenges challenges, RandomSource random, Lock lock) {
        this.serialNumber = serialNumber;
        this.use = use;
        this.challenges = challenges;
        this.random = random;
        this.lock = lock;
    }

    private KeyGroup keys() {
        return use.keys();
    }

    private boolean enabled(int bit) {
        return (keys().parameters()[0] & bit) != 0;
    }

    // ---- Write Key

    byte[] writeKey(CommandApdu apdu) throws Refusal {
        int target = apdu.p2();
        boolean plain = (apdu.p1() & PLAIN) != 0;
        boolean drawn = (apdu.p1() & RANDOM) != 0;
        boolean byControl = apdu.lc() == BLOCK + CAAD_CONTROL;
        Refusal.unless((apdu.p1() & ~(PLAIN | RANDOM | STATIC)) == 0 && RecordReference.isKeyTarget(target)
                && (plain || !drawn) && !(plain && (apdu.p1() & STATIC) != 0)
                && !(plain && target == RecordReference.SYSTEM_BY_KIF)
                && !(drawn && target == RecordReference.LOCK), StatusWord.WRONG_REFERENCE);
        Refusal.unless(apdu.lc() == BLOCK || byControl, StatusWord.WRONG_LENGTH);
        Refusal.unless(!byControl || !plain && RecordReference.isWorkTarget(target), StatusWord.LC_INCONSISTENT);
        lock.requireUnlocked();
        checkMayWrite(target, plain);
        byte[] record = plain ? plainRecord(apdu, target, drawn) : openBlock(apdu, target);
        try {
            for (int number = FIRST_ZERO_PARAMETER; !plain && number <= SamKey.PARAMETERS; number++) {
                Refusal.unless(record[PARAMETERS_AT + number - 1] == 0, StatusWord.WRONG_DATA);
            }
            if (target == RecordReference.LOCK) {
                Refusal.unless((record[0] & 0xFF) == Lock.KIF, StatusWord.WRONG_DATA);
                keys().writeLockFile(record);
            } else {
                writeKey(record, target, byControl);
            }
        } finally {
            Arrays.fill(record, (byte) 0);
        }
        return Responses.ok();
    }

    private void checkMayWrite(int target, boolean plain) throws Refusal {
        boolean may;
        if (target == RecordReference.LOCK) {
            may = !lock.isLockedLock() && !(plain && lock.isPlainWriteDisabled());
        } else if (target == RecordReference.SYSTEM_BY_KIF) {
            may = !enabled(SYSTEM_LOCK_ENABLE);
        } else {
            may = !enabled(WORK_KEYS_LOCK_ENABLE) && (!plain || enabled(PLAIN_WORK_KEY_INPUT_ENABLE))
                    && freeRecord(target) != 0;
        }
        Refusal.unless(may, StatusWord.CONDITIONS_NOT_SATISFIED);
    }

    /** @return the record to write to; 0 if the one named is used, or all are */
    private int freeRecord(int target) {
        if (target != RecordReference.WORK_BY_KIF_KVC) {
            return keys().workKeyAt(target) == null ? target : 0;
        }
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            if (keys().workKeyAt(record) == null) {
                return record;
            }
        }
        return 0;
    }

    private byte[] plainRecord(CommandApdu apdu, int target, boolean drawn) throws Refusal {
        Refusal.unless(apdu.data(REFERENCE_AT) == target && apdu.data(PADDING_AT) == 0x80, StatusWord.WRONG_DATA);
        byte[] record = apdu.data(RECORD_AT, RECORD);
        if (drawn) {
            byte[] value = random.next(KeyValue.LENGTH);
            System.arraycopy(value, 0, record, VALUE_AT, KeyValue.LENGTH);
            Arrays.fill(value, (byte) 0);
        }
        return record;
    }

    private void writeKey(byte[] record, int target, boolean byControl) throws Refusal {
        int kif = record[0] & 0xFF;
        int kvc = record[1] & 0xFF;
        byte[] parameters = Arrays.copyOfRange(record, PARAMETERS_AT, PARAMETERS_AT + SamKey.PARAMETERS);
        requireKnownAlg(record[2] & 0xFF);
        if (byControl) {
            int caad = parameters[PAR6 - 1] & 0xFF;
            Refusal.unless(caad >= FIRST_CAAD && caad <= LAST_CAAD, StatusWord.WRONG_DATA);
            // The records that such a transfer needs are not written by any public command, so they are always empty.
            throw new Refusal(StatusWord.NOT_FOUND);
        }
        byte[] bytes = Arrays.copyOfRange(record, VALUE_AT, VALUE_AT + KeyValue.LENGTH);
        KeyValue value = KeyValue.copyOf(bytes);
        Arrays.fill(bytes, (byte) 0);
        // Whoever chooses a free record and writes it holds the monitor of the group, on all channels and in administration.
        synchronized (keys()) {
            int reference = target == RecordReference.SYSTEM_BY_KIF ? systemReference(kif, kvc)
                    : workReference(kif, kvc, target);
            keys().writeKey(new SamKey(reference, kif, kvc, record[2] & 0xFF, parameters, value));
        }
    }

    /** Refuses an ALG code that no plugin serves; while plugins are swapped it waits, as every use of a key does. */
    private void requireKnownAlg(int alg) throws Refusal {
        PluginSlot slot = use.plugins().lease(alg);
        Refusal.unless(slot != null, StatusWord.WRONG_DATA);
        slot.leave();
    }

    private int systemReference(int kif, int kvc) throws Refusal {
        Refusal.unless((kif & SYSTEM_KIF_BIT) != 0, StatusWord.WRONG_DATA);
        for (SystemKeyType type : SystemKeyType.values()) {
            if (type.kif() == kif) {
                SamKey there = keys().systemKey(type);
                Refusal.unless(there == null || there.kvc() != kvc, StatusWord.WRONG_DATA);
                return type.reference();
            }
        }
        throw new Refusal(StatusWord.WRONG_DATA);
    }

    private int workReference(int kif, int kvc, int target) throws Refusal {
        boolean systemKif = kif == SystemKeyType.PERSONALIZATION.kif() || kif == SystemKeyType.KEY_MANAGEMENT.kif();
        Refusal.unless(!(systemKif && enabled(SYSTEM_LOCK_ENABLE)) && keys().workKey(kif, kvc) == null, StatusWord.WRONG_DATA);
        int record = freeRecord(target);
        // It was free when the command came; another channel of the group may have filled it meanwhile.
        Refusal.unless(record != 0, StatusWord.CONDITIONS_NOT_SATISFIED);
        return record;
    }

    // ---- Write Ceilings, Write Parameters

    byte[] writeData(CommandApdu apdu) throws Refusal {
        int target = apdu.p2();
        boolean ceilings = RecordReference.isCeilings(target);
        Refusal.unless(ceilings || target == RecordReference.PARAMETERS, StatusWord.WRONG_REFERENCE);
        Refusal.unless((apdu.p1() & ~(RANDOM | STATIC)) == 0, StatusWord.WRONG_REFERENCE);
        Refusal.unless(apdu.lc() == BLOCK, StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        Refusal.unless((apdu.p1() & RANDOM) == 0 && (ceilings || !enabled(SYSTEM_LOCK_ENABLE)),
                StatusWord.CONDITIONS_NOT_SATISFIED);
        byte[] record = openBlock(apdu, target);
        if (!ceilings) {
            keys().writeParameters(record);
        } else if (target == RecordReference.SINGLE_CEILING) {
            writeCeiling(record);
        } else {
            writeCeilings(record, (target - RecordReference.FIRST_CEILINGS) * COUNTERS_IN_RECORD);
        }
        return Responses.ok();
    }

    private void writeCeiling(byte[] record) throws Refusal {
        int number = record[0] & 0xFF;
        Refusal.unless(number < KeyGroup.COUNTERS, StatusWord.WRONG_DATA);
        for (int i = 1 + COUNTER; i < RECORD; i++) {
            Refusal.unless(record[i] == 0, StatusWord.WRONG_DATA);
        }
        keys().writeCeilings(number, new int[] {ceiling(record, 1)}, null);
    }

    private void writeCeilings(byte[] record, int first) throws Refusal {
        int[] values = new int[COUNTERS_IN_RECORD];
        boolean[] free = new boolean[COUNTERS_IN_RECORD];
        boolean desx = keys().systemKey(SystemKeyType.RELOADING).alg() == DESX;
        int flags = (record[RECORD - 2] & 0xFF) << 8 | record[RECORD - 1] & 0xFF;
        for (int slot = 0; slot < COUNTERS_IN_RECORD; slot++) {
            values[slot] = ceiling(record, slot * COUNTER);
            // Section 4.3 asks it of the weaker algorithms, and of full records only.
            Refusal.unless(!desx || values[slot] - keys().ceiling(first + slot) <= DESX_GROWTH, StatusWord.WRONG_DATA);
            free[slot] = (flags >> slot & 1) != 0;
        }
        keys().writeCeilings(first, values, free);
    }

    private static int ceiling(byte[] record, int at) throws Refusal {
        int value = (record[at] & 0xFF) << 16 | (record[at + 1] & 0xFF) << 8 | record[at + 2] & 0xFF;
        Refusal.unless(value <= KeyGroup.HIGHEST_CEILING, StatusWord.WRONG_DATA);
        return value;
    }

    // ---- opening what a control SAM sealed

    private byte[] openBlock(CommandApdu apdu, int target) throws Refusal {
        boolean isStatic = (apdu.p1() & STATIC) != 0;
        Refusal.unless(!isStatic || enabled(STATIC_CIPHER_ENABLE), StatusWord.CONDITIONS_NOT_SATISFIED);
        byte[] outgoing = isStatic ? null : challenges.requireOutgoing();
        SamKey key = KeyUse.usable(keys().systemKey(RecordReference.protecting(target)));
        KeyUse.requireCipherEnabled(key);
        use.requireCountable(key, 1);
        byte[] challenge = isStatic ? staticChallenge(key) : outgoing;
        // Counted only when the block is right: a static block is bound to the count, so a wrong one must not spoil the next.
        TransferredRecord opened = use.uncounted(key, Responses.bytes(serialNumber), SecurityPlugin.Function.TRANSFER,
                (diversified, counter) -> open(diversified, challenge, apdu.data(0, BLOCK), isStatic));
        try {
            Refusal.unless(opened.p2() == target, StatusWord.WRONG_DATA);
            use.count(key);
            return opened.record().clone();
        } finally {
            Arrays.fill(opened.record(), (byte) 0);
        }
    }

    private TransferredRecord open(DiversifiedKey key, byte[] challenge, byte[] block, boolean isStatic) throws Refusal {
        if (!isStatic) {
            // One challenge serves one attempt, whatever comes of it.
            challenges.useOutgoing();
        }
        try {
            return FromPlugin.record(key.openTransfer(challenge, block), RECORD);
        } catch (TransferException e) {
            throw new Refusal(e.reason() == TransferException.Reason.BAD_SIGNATURE
                    ? StatusWord.SECURITY_DATA_WRONG : StatusWord.WRONG_DATA);
        }
    }

    /** In static mode the count of the protecting key takes the place of a challenge (section 6.4). */
    private byte[] staticChallenge(SamKey key) {
        byte[] challenge = new byte[CHALLENGE];
        int counter = key.eventCounter();
        if (counter != 0 && counter < KeyGroup.COUNTERS) {
            System.arraycopy(Responses.bytes(keys().eventCounter(counter)), 1, challenge, CHALLENGE - COUNTER, COUNTER);
        }
        return challenge;
    }
}
