package org.calypsohsm.monitoring;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/**
 * An event counter that is in use, with its ceiling. Nothing of it is secret: no key value is asked for.
 *
 * @param group   number of the key group
 * @param number  number of the counter, 0..26
 * @param value   its value
 * @param ceiling its ceiling
 * @param keys    the keys that it counts, each as {@code "KIF/KVC"} in hexadecimal digits; empty if none does any more
 */
public record EventCounter(int group, int number, int value, int ceiling, List<String> keys) {

    private static final int FULL = 100;

    /** Keeps a copy of the list. */
    public EventCounter {
        keys = List.copyOf(keys);
    }

    /** @return how much of the ceiling is used up, in percent; 100 only at the ceiling itself */
    public int percent() {
        return value >= ceiling ? FULL : (int) ((long) value * FULL / ceiling);
    }

    /**
     * Finds the counters of a store that count a key or are not at 0.
     *
     * @param store a key store
     * @return its counters, in the order of groups and numbers; none while it is not open
     */
    public static List<EventCounter> all(KeyStore store) {
        List<EventCounter> counters = new ArrayList<>();
        for (int number : new TreeSet<>(store.keyGroups())) {
            KeyGroup group = store.keyGroup(number);
            if (group != null) {
                of(group, counters);
            }
        }
        return counters;
    }

    private static void of(KeyGroup group, List<EventCounter> counters) {
        TreeMap<Integer, List<String>> counted = new TreeMap<>();
        keys(group).forEach(key -> counted.computeIfAbsent(key.eventCounter(), number -> new ArrayList<>())
                .add(String.format("%02X/%02X", key.kif(), key.kvc())));
        // A key that names counter 0 has none.
        counted.remove(0);
        for (int number = 0; number < KeyGroup.COUNTERS; number++) {
            int value = group.eventCounter(number);
            if (value > 0 || counted.containsKey(number)) {
                counters.add(new EventCounter(group.number(), number, value, group.ceiling(number),
                        counted.getOrDefault(number, List.of())));
            }
        }
    }

    private static List<SamKey> keys(KeyGroup group) {
        List<SamKey> keys = new ArrayList<>();
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = group.workKeyAt(record);
            if (key != null) {
                keys.add(key);
            }
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            SamKey key = group.systemKey(type);
            if (key != null) {
                keys.add(key);
            }
        }
        return keys;
    }
}
