package org.calypsohsm.sam;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.testkeys.TestKeys;

/** A key group that a test fills, and whose keys it blocks. It notes how often each key was used. */
final class TestGroup implements KeyGroup {

    final Map<Integer, Integer> uses = new TreeMap<>();
    private final Map<Integer, SamKey> keys = new ConcurrentSkipListMap<>();
    private final int[] counters = new int[COUNTERS];
    private final int[] ceilings = new int[COUNTERS];
    private final boolean[] free = new boolean[COUNTERS];
    private byte[] parameters = new byte[PARAMETERS_LENGTH];
    private byte[] lockFile = new byte[LOCK_FILE_LENGTH];
    private int number;
    private long writeNanos;
    private int transactionNumber;
    private int lastBlocked = COUNTERS - 1;

    private TestGroup() {
        Arrays.fill(ceilings, HIGHEST_CEILING);
    }

    /** A group without any key. */
    static TestGroup empty() {
        return new TestGroup();
    }

    /** A group with the public test keys. */
    static TestGroup full() {
        TestGroup group = new TestGroup();
        TestKeys.workKeys(0).forEach(group::put);
        TestKeys.systemKeys(0).forEach(group::put);
        return group;
    }

    TestGroup put(SamKey key) {
        keys.put(key.reference(), key);
        return this;
    }

    TestGroup put(int reference, int kif, int kvc, int alg, KeyValue value) {
        return put(new SamKey(reference, kif, kvc, alg, new byte[SamKey.PARAMETERS], value));
    }

    TestGroup without(int reference) {
        keys.remove(reference);
        return this;
    }

    TestGroup parameters(byte[] bytes) {
        parameters = bytes.clone();
        return this;
    }

    /** Sets one of the parameters of a key, PAR1 to PAR10. */
    TestGroup par(int reference, int number, int value) {
        SamKey key = keys.get(reference);
        byte[] readable = new byte[SamKey.READABLE_LENGTH];
        key.copyReadable(readable, 0);
        readable[2 + number] = (byte) value;
        return put(new SamKey(reference, key.kif(), key.kvc(), key.alg(),
                Arrays.copyOfRange(readable, 3, SamKey.READABLE_LENGTH), key.value()));
    }

    /** Gives a key another algorithm, and nothing else. */
    TestGroup alg(int reference, int alg) {
        SamKey key = keys.get(reference);
        return put(reference, key.kif(), key.kvc(), alg, key.value()).par(reference, 1, 0x01).par(reference, 5, 0x01);
    }

    /** Invalidates a key. */
    TestGroup invalidate(int reference) {
        return put(keys.get(reference).invalidated());
    }

    /** Ties a key to an event counter. */
    TestGroup count(int reference, int counter, int value, int ceiling) {
        counters[counter] = value;
        ceilings[counter] = ceiling;
        return par(reference, 4, counter);
    }

    /** Puts the event counter of a key at its ceiling; each key so blocked gets a counter of its own, from the highest down. */
    TestGroup block(int reference) {
        return count(reference, lastBlocked--, 7, 7);
    }

    /** Sets enable bits, byte 0 of the SAM parameters. */
    TestGroup enable(int bits) {
        parameters[0] = (byte) bits;
        return this;
    }

    /** Makes a lock file of its parameters and value. */
    TestGroup lock(int lockParameters, byte[] value) {
        lockFile = new byte[LOCK_FILE_LENGTH];
        lockFile[0] = (byte) 0xEF;
        lockFile[1] = 0x01;
        lockFile[7] = (byte) lockParameters;
        System.arraycopy(value, 0, lockFile, 13, value.length);
        return this;
    }

    /** Takes over everything of another group but the notes on uses. */
    TestGroup become(TestGroup other) {
        keys.clear();
        keys.putAll(other.keys);
        System.arraycopy(other.counters, 0, counters, 0, COUNTERS);
        System.arraycopy(other.ceilings, 0, ceilings, 0, COUNTERS);
        System.arraycopy(other.free, 0, free, 0, COUNTERS);
        parameters = other.parameters.clone();
        lockFile = other.lockFile.clone();
        return this;
    }

    TestGroup transactionNumber(int last) {
        transactionNumber = last;
        return this;
    }

    int transactionNumber() {
        return transactionNumber;
    }

    TestGroup slowWrites(long nanos) {
        writeNanos = nanos;
        return this;
    }

    TestGroup number(int other) {
        number = other;
        return this;
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public SamKey workKey(int kif, int kvc) {
        return keys.values().stream()
                .filter(key -> key.reference() <= LAST_WORK_KEY_RECORD && key.kif() == kif && key.kvc() == kvc)
                .findFirst().orElse(null);
    }

    @Override
    public SamKey workKeyAt(int record) {
        return record >= 1 && record <= LAST_WORK_KEY_RECORD ? keys.get(record) : null;
    }

    @Override
    public SamKey systemKey(SystemKeyType type) {
        return keys.get(type.reference());
    }

    @Override
    public byte[] parameters() {
        return parameters.clone();
    }

    @Override
    public int countUse(SamKey key) {
        int counter = key.eventCounter();
        if (counter >= COUNTERS || counter != 0 && counters[counter] >= ceilings[counter]) {
            return BLOCKED;
        }
        uses.merge(key.reference(), 1, Integer::sum);
        return counter == 0 ? 0 : ++counters[counter];
    }

    @Override
    public int eventCounter(int number) {
        return counters[number];
    }

    @Override
    public int ceiling(int number) {
        return ceilings[number];
    }

    @Override
    public boolean isFree(int number) {
        return free[number];
    }

    @Override
    public byte[] lockFile() {
        return lockFile.clone();
    }

    @Override
    public int nextTransactionNumber() {
        return ++transactionNumber;
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return null;
    }

    @Override
    public void writeKey(SamKey key) {
        // A store takes its time to write, which lets others come between.
        LockSupport.parkNanos(writeNanos);
        put(key);
    }

    @Override
    public void writeLockFile(byte[] file) {
        lockFile = file.clone();
    }

    @Override
    public void writeParameters(byte[] bytes) {
        parameters(bytes);
    }

    @Override
    public void writeCeilings(int first, int[] values, boolean[] flags) {
        System.arraycopy(values, 0, ceilings, first, values.length);
        if (flags != null) {
            System.arraycopy(flags, 0, free, first, flags.length);
        }
    }

    @Override
    public void deleteKey(int reference) {
        throw new UnsupportedOperationException("no SAM command deletes a key");
    }

    @Override
    public int channelQuota() {
        return 0;
    }

    @Override
    public int channelsInUse() {
        return 0;
    }

    @Override
    public boolean takeChannel(boolean overQuota) {
        return true;
    }

    @Override
    public void giveChannel() {
        // No quota here.
    }
}
