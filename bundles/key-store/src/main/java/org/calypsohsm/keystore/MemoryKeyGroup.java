package org.calypsohsm.keystore;

import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/** A key group whose keys never change, and whose event counters live as long as the process. */
final class MemoryKeyGroup implements KeyGroup {

    /** Counters and ceilings (sam-s1-apdu.md section 4.3). */
    private static final int COUNTERS = 27;
    private static final int HIGHEST_CEILING = 0xFFFFFA;
    /** Index: KIF, KVC. A table costs 256 KiB for each group and makes a look-up one read. */
    private static final int KIF_KVC = 0x10000;

    private final int number;
    private final SamKey[] byRecord = new SamKey[LAST_WORK_KEY_RECORD + 1];
    private final SamKey[] byKifKvc = new SamKey[KIF_KVC];
    private final SamKey[] systemKeys = new SamKey[SystemKeyType.values().length];
    private final AtomicIntegerArray counters = new AtomicIntegerArray(COUNTERS);

    MemoryKeyGroup(int number, List<SamKey> workKeys, List<SamKey> systemKeys) {
        this.number = number;
        for (SamKey key : workKeys) {
            byRecord[key.reference()] = key;
            byKifKvc[key.kif() << 8 | key.kvc()] = key;
        }
        for (SamKey key : systemKeys) {
            this.systemKeys[key.reference() - SystemKeyType.PERSONALIZATION.reference()] = key;
        }
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public SamKey workKey(int kif, int kvc) {
        return byKifKvc[kif << 8 | kvc];
    }

    @Override
    public SamKey workKeyAt(int record) {
        return record < 1 || record > LAST_WORK_KEY_RECORD ? null : byRecord[record];
    }

    @Override
    public SamKey systemKey(SystemKeyType type) {
        return systemKeys[type.ordinal()];
    }

    @Override
    public byte[] parameters() {
        return new byte[PARAMETERS_LENGTH];
    }

    @Override
    public boolean countUse(SamKey key) {
        int counter = key.eventCounter();
        if (counter == 0) {
            return true;
        }
        if (counter >= COUNTERS) {
            return false;
        }
        int value;
        do {
            value = counters.get(counter);
            if (value >= HIGHEST_CEILING) {
                return false;
            }
        } while (!counters.compareAndSet(counter, value, value + 1));
        return true;
    }

    @Override
    public int eventCounter(int counter) {
        return counters.get(counter);
    }

    @Override
    public int ceiling(int counter) {
        return HIGHEST_CEILING;
    }
}
