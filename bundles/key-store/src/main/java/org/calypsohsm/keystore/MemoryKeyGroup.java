package org.calypsohsm.keystore;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/** A key group in memory: what is written to it and counted in it lives as long as the process. */
final class MemoryKeyGroup implements KeyGroup {

    private static final int LAST_TRANSACTION_NUMBER = 0xFFFFFF;
    private static final int LOCK_VALUE_AT = LOCK_FILE_LENGTH - KeyValue.LENGTH;
    /** Index: KIF, KVC. A table costs 256 KiB for each group and makes a look-up one read. */
    private static final int KIF_KVC = 0x10000;
    /** Number of channels of a group that takes none any more: below 0 whatever is given back. */
    private static final int RETIRED = Integer.MIN_VALUE / 2;

    private final int number;
    private final AtomicReferenceArray<SamKey> byRecord = new AtomicReferenceArray<>(LAST_WORK_KEY_RECORD + 1);
    private final AtomicReferenceArray<SamKey> byKifKvc = new AtomicReferenceArray<>(KIF_KVC);
    private final AtomicReferenceArray<SamKey> systemKeys = new AtomicReferenceArray<>(SystemKeyType.values().length);
    private final AtomicIntegerArray counters = new AtomicIntegerArray(COUNTERS);
    private final AtomicIntegerArray ceilings = new AtomicIntegerArray(COUNTERS);
    private final AtomicIntegerArray free = new AtomicIntegerArray(COUNTERS);
    private final CounterMarks marks;
    private final AtomicInteger transactionNumber = new AtomicInteger();
    private final AtomicInteger channels = new AtomicInteger();
    private volatile int channelQuota;
    private volatile byte[] lockFile = new byte[LOCK_FILE_LENGTH];
    private volatile byte[] parameters = new byte[PARAMETERS_LENGTH];

    /**
     * Makes a group.
     *
     * @param number     its number
     * @param workKeys   its work keys
     * @param systemKeys its system keys
     * @param marks      told when a counter has used up a good part of its ceiling
     */
    MemoryKeyGroup(int number, List<SamKey> workKeys, List<SamKey> systemKeys, CounterMarks.Listener marks) {
        this.number = number;
        this.marks = new CounterMarks(this, marks);
        for (int i = 0; i < COUNTERS; i++) {
            ceilings.set(i, HIGHEST_CEILING);
        }
        this.marks.set();
        workKeys.forEach(this::writeKey);
        systemKeys.forEach(this::writeKey);
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public SamKey workKey(int kif, int kvc) {
        return byKifKvc.get(kif << 8 | kvc);
    }

    @Override
    public SamKey workKeyAt(int record) {
        return record < 1 || record > LAST_WORK_KEY_RECORD ? null : byRecord.get(record);
    }

    @Override
    public SamKey systemKey(SystemKeyType type) {
        return systemKeys.get(type.ordinal());
    }

    @Override
    public byte[] parameters() {
        return parameters.clone();
    }

    @Override
    public int countUse(SamKey key) {
        int counter = key.eventCounter();
        if (counter == 0) {
            return 0;
        }
        if (counter >= COUNTERS) {
            return BLOCKED;
        }
        int value;
        do {
            value = counters.get(counter);
            if (value >= ceilings.get(counter)) {
                return BLOCKED;
            }
        } while (!counters.compareAndSet(counter, value, value + 1));
        marks.counted(counter, value + 1);
        return value + 1;
    }

    @Override
    public int eventCounter(int counter) {
        return counters.get(counter);
    }

    @Override
    public int ceiling(int counter) {
        return ceilings.get(counter);
    }

    @Override
    public boolean isFree(int counter) {
        return free.get(counter) != 0;
    }

    @Override
    public byte[] lockFile() {
        return lockFile.clone();
    }

    @Override
    public int nextTransactionNumber() {
        return transactionNumber.updateAndGet(last -> last == LAST_TRANSACTION_NUMBER ? 1 : last + 1);
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return null;
    }

    @Override
    public synchronized void writeKey(SamKey key) {
        if (key.reference() > LAST_WORK_KEY_RECORD) {
            systemKeys.set(key.reference() - SystemKeyType.PERSONALIZATION.reference(), key);
            return;
        }
        forget(byRecord.getAndSet(key.reference(), key));
        byKifKvc.set(key.kif() << 8 | key.kvc(), key);
    }

    @Override
    public synchronized void deleteKey(int reference) {
        if (reference > LAST_WORK_KEY_RECORD) {
            systemKeys.set(reference - SystemKeyType.PERSONALIZATION.reference(), null);
        } else {
            forget(byRecord.getAndSet(reference, null));
        }
    }

    private void forget(SamKey workKey) {
        if (workKey != null) {
            byKifKvc.set(workKey.kif() << 8 | workKey.kvc(), null);
        }
    }

    @Override
    public void writeLockFile(byte[] file) {
        lockFile = file.clone();
    }

    @Override
    public void writeParameters(byte[] newParameters) {
        parameters = newParameters.clone();
    }

    @Override
    public synchronized void writeCeilings(int first, int[] newCeilings, boolean[] newFree) {
        for (int i = 0; i < newCeilings.length; i++) {
            ceilings.set(first + i, newCeilings[i]);
            if (newFree != null) {
                free.set(first + i, newFree[i] ? 1 : 0);
            }
        }
        marks.set();
    }

    /** Raises a counter to a value, unless it is there already. */
    synchronized void raiseCounter(int counter, int value) {
        counters.accumulateAndGet(counter, value, Math::max);
        marks.set();
    }

    /** @return all keys, work keys first */
    List<SamKey> keys() {
        List<SamKey> keys = new ArrayList<>();
        for (int record = 1; record <= LAST_WORK_KEY_RECORD; record++) {
            keys.add(byRecord.get(record));
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            keys.add(systemKey(type));
        }
        keys.removeIf(Objects::isNull);
        return keys;
    }

    /** Overwrites the values of all keys and of the lock: the group is useless afterwards. */
    void destroy() {
        keys().forEach(key -> key.value().destroy());
        // All but what says that the SAM is locked, so that no SAM is unlocked by this.
        Arrays.fill(lockFile, LOCK_VALUE_AT, LOCK_FILE_LENGTH, (byte) 0);
    }

    /** Writes all but the keys: counters, ceilings, free flags, transaction number, parameters, lock file. */
    synchronized void writeState(ByteBuffer state) {
        int flags = 0;
        for (int i = 0; i < COUNTERS; i++) {
            state.putInt(counters.get(i)).putInt(ceilings.get(i));
            flags |= free.get(i) << i;
        }
        state.putInt(flags).putInt(transactionNumber.get()).put(parameters).put(lockFile).putInt(channelQuota);
    }

    /** Reads what {@link #writeState} wrote. */
    synchronized void readState(ByteBuffer state) {
        for (int i = 0; i < COUNTERS; i++) {
            counters.set(i, state.getInt());
            ceilings.set(i, state.getInt());
        }
        int flags = state.getInt();
        for (int i = 0; i < COUNTERS; i++) {
            free.set(i, flags >> i & 1);
        }
        transactionNumber.set(state.getInt());
        byte[] bytes = new byte[PARAMETERS_LENGTH];
        state.get(bytes);
        parameters = bytes;
        bytes = new byte[LOCK_FILE_LENGTH];
        state.get(bytes);
        lockFile = bytes;
        channelQuota = state.getInt();
        marks.set();
    }

    @Override
    public int channelQuota() {
        return channelQuota;
    }

    void limitChannels(int quota) {
        channelQuota = quota;
    }

    @Override
    public int channelsInUse() {
        return Math.max(0, channels.get());
    }

    @Override
    public boolean takeChannel(boolean overQuota) {
        int quota = channelQuota;
        int before;
        do {
            before = channels.get();
            if (before < 0 || !overQuota && quota != 0 && before >= quota) {
                return false;
            }
        } while (!channels.compareAndSet(before, before + 1));
        return true;
    }

    /**
     * Lets no channel open any more.
     *
     * @return false if channels are open: nothing changed then
     */
    boolean retire() {
        return channels.compareAndSet(0, RETIRED);
    }

    @Override
    public void giveChannel() {
        channels.decrementAndGet();
    }
}
