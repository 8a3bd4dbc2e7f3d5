package org.calypsohsm.sam;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.testkeys.TestKeys;

/** A key group that a test fills, and whose keys it blocks. It notes how often each key was used. */
final class TestGroup implements KeyGroup {

    final Map<Integer, Integer> uses = new TreeMap<>();
    private final Map<Integer, SamKey> keys = new TreeMap<>();
    private final Set<Integer> blocked = new HashSet<>();
    private final int[] counters = new int[COUNTERS];
    private final int[] ceilings = new int[COUNTERS];
    private final boolean[] free = new boolean[COUNTERS];
    private byte[] parameters = new byte[PARAMETERS_LENGTH];
    private byte[] lockFile = new byte[LOCK_FILE_LENGTH];
    private int transactionNumber;

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

    /** Puts the event counter of a key at its ceiling. */
    TestGroup block(int reference) {
        blocked.add(reference);
        return this;
    }

    @Override
    public int number() {
        return 0;
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
        if (blocked.contains(key.reference())) {
            return BLOCKED;
        }
        uses.merge(key.reference(), 1, Integer::sum);
        return key.eventCounter() == 0 ? 0 : ++counters[key.eventCounter()];
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
    public void writeKey(SamKey key) {
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
}
