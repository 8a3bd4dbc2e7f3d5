package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/** What the commands show of a key group. It never asks for the value of a key. */
final class GroupView {

    private static final int FULL = 100;

    private final KeyGroup group;

    GroupView(KeyGroup group) {
        this.group = group;
    }

    /**
     * An event counter with its ceiling.
     *
     * @param number  number of the counter
     * @param value   its value
     * @param ceiling its ceiling
     * @param free    true if it may be raised freely
     * @param keys    the records of the keys that it counts
     */
    record Counter(int number, int value, int ceiling, boolean free, List<Integer> keys) {

        /** @return how much of the ceiling is used up, in percent; 100 only at the ceiling itself */
        int percent() {
            return value >= ceiling ? FULL : (int) ((long) value * FULL / ceiling);
        }
    }

    /** @return the groups of a store that is open, in the order of their numbers */
    static List<GroupView> all(KeyStore store) {
        List<GroupView> views = new ArrayList<>();
        for (int number : new TreeSet<>(store.keyGroups())) {
            KeyGroup group = store.keyGroup(number);
            if (group != null) {
                views.add(new GroupView(group));
            }
        }
        return views;
    }

    int number() {
        return group.number();
    }

    int channelsInUse() {
        return group.channelsInUse();
    }

    int channelQuota() {
        return group.channelQuota();
    }

    /** @return work keys, then system keys, in the order of their records */
    List<SamKey> keys() {
        List<SamKey> keys = new ArrayList<>(workKeys());
        for (SystemKeyType type : SystemKeyType.values()) {
            SamKey key = group.systemKey(type);
            if (key != null) {
                keys.add(key);
            }
        }
        return keys;
    }

    List<SamKey> workKeys() {
        List<SamKey> keys = new ArrayList<>();
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = group.workKeyAt(record);
            if (key != null) {
                keys.add(key);
            }
        }
        return keys;
    }

    /** @return the counters that count a key or are not at 0 */
    List<Counter> counters() {
        TreeMap<Integer, List<Integer>> records = new TreeMap<>();
        for (SamKey key : keys()) {
            records.computeIfAbsent(key.eventCounter(), number -> new ArrayList<>()).add(key.reference());
        }
        // A key that names counter 0 has none.
        records.remove(0);
        List<Counter> counters = new ArrayList<>();
        for (int number = 0; number < KeyGroup.COUNTERS; number++) {
            int value = group.eventCounter(number);
            if (value > 0 || records.containsKey(number)) {
                counters.add(new Counter(number, value, group.ceiling(number), group.isFree(number),
                        records.getOrDefault(number, List.of())));
            }
        }
        return counters;
    }
}
