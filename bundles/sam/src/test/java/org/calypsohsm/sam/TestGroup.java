package org.calypsohsm.sam;

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
    private byte[] parameters = new byte[PARAMETERS_LENGTH];

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
    public boolean countUse(SamKey key) {
        if (blocked.contains(key.reference())) {
            return false;
        }
        uses.merge(key.reference(), 1, Integer::sum);
        return true;
    }

    @Override
    public int eventCounter(int number) {
        return 0;
    }

    @Override
    public int ceiling(int number) {
        return 0xFFFFFA;
    }
}
