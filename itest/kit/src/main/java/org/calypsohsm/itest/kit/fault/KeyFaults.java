package org.calypsohsm.itest.kit.fault;

import java.util.HashSet;
import java.util.Set;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/** Faults of a work key. They are made by what a key store offers anyway: ceilings, and keys that are written. */
public final class KeyFaults {

    private static final int COUNTER = 4;

    private final FaultList list;
    private final KeyStore store;
    private final int number;
    private final int kif;
    private final int kvc;

    KeyFaults(FaultList list, KeyStore store, int number, int kif, int kvc) {
        this.list = list;
        this.store = store;
        this.number = number;
        this.kif = kif;
        this.kvc = kvc;
    }

    /**
     * The key is near its ceiling: it can be used so often, and then answers 6900 (COUNTER_BLOCKED). A key without an event
     * counter, as the test keys are, gets one that no other key of the group has. When the fault ends, ceiling and key are as
     * before, and the counter keeps what was counted, as counters do.
     *
     * @param uses how many uses are left, 0 or more
     * @return the fault
     * @throws IllegalStateException    if all event counters of the group belong to other keys
     * @throws IllegalArgumentException if the number is negative, or beyond the highest ceiling
     */
    public Fault usesLeft(int uses) {
        KeyGroup group = group();
        SamKey before = key(group);
        int counter = before.eventCounter() == 0 ? freeCounter(group) : before.eventCounter();
        int ceiling = group.ceiling(counter);
        int reached = group.eventCounter(counter);
        if (uses < 0 || reached + uses > KeyGroup.HIGHEST_CEILING) {
            throw new IllegalArgumentException("The key can have 0 to " + (KeyGroup.HIGHEST_CEILING - reached) + " uses left, not "
                    + uses + ".");
        }
        group.writeCeilings(counter, new int[] {reached + uses}, null);
        if (before.eventCounter() == 0) {
            group.writeKey(counting(before, counter));
        }
        Fault fault = list.add(String.format("%d uses left of key KIF %02X KVC %02X in key group %d", uses, kif, kvc, number), () -> {
            KeyGroup now = store.keyGroup(number);
            if (now != null) {
                now.writeCeilings(counter, new int[] {ceiling}, null);
                if (before.eventCounter() == 0) {
                    now.writeKey(before);
                }
            }
        });
        fault.strike();
        return fault;
    }

    private KeyGroup group() {
        KeyGroup group = store.keyGroup(number);
        if (group == null) {
            throw new IllegalArgumentException("There is no key group " + number + ", only " + store.keyGroups() + ".");
        }
        return group;
    }

    private SamKey key(KeyGroup group) {
        SamKey key = group.workKey(kif, kvc);
        if (key == null) {
            throw new IllegalArgumentException(String.format("Key group %d has no key with KIF %02X and KVC %02X.", number, kif, kvc));
        }
        return key;
    }

    private static int freeCounter(KeyGroup group) {
        Set<Integer> used = new HashSet<>();
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = group.workKeyAt(record);
            used.add(key == null ? 0 : key.eventCounter());
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            SamKey key = group.systemKey(type);
            used.add(key == null ? 0 : key.eventCounter());
        }
        for (int counter = KeyGroup.COUNTERS - 1; counter > 0; counter--) {
            if (!used.contains(counter)) {
                return counter;
            }
        }
        throw new IllegalStateException("All event counters of key group " + group.number() + " belong to other keys;"
                + " take a key that has one.");
    }

    private static SamKey counting(SamKey key, int counter) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (byte) key.parameter(i + 1);
        }
        parameters[COUNTER - 1] = (byte) counter;
        return new SamKey(key.reference(), key.kif(), key.kvc(), key.alg(), parameters, key.value());
    }
}
