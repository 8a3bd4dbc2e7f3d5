package org.calypsohsm.keystore.admin;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.RestoreReport;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.OpenStore;
import org.calypsohsm.keystore.SealedStore;

/** What a backup brings back to a store. It is found out first, and done with one write. */
final class Restoration {

    private final OpenStore store;
    private final BackupFile backup;
    /** Groups of the backup that the store lacks, exhausted. */
    private final Map<Integer, DurableKeyGroup> missing = new TreeMap<>();
    /** Groups of the backup that the store has. */
    private final Map<Integer, DurableKeyGroup> present = new TreeMap<>();
    /** Names of records that are taken as they are. */
    private final List<String> sealed = new ArrayList<>();

    /**
     * Finds out what is to be done.
     *
     * @param by who restores
     * @throws org.calypsohsm.keystore.KeyStoreException if a record of the backup is broken
     */
    Restoration(OpenStore store, BackupFile backup, Officer by) {
        this.store = store;
        this.backup = backup;
        try {
            for (int number : DurableKeyGroup.numbers(backup)) {
                DurableKeyGroup group = DurableKeyGroup.read(number, backup, store.marks(), store.commits());
                if (store.groups().containsKey(number)) {
                    present.put(number, group);
                } else {
                    // Nobody knows how much of it was used after the backup.
                    group.exhaust();
                    missing.put(number, group);
                }
            }
        } catch (RuntimeException e) {
            destroy();
            throw e;
        }
        backup.names(Transfers.TAKEN).forEach(this::takeIfMissing);
        takeIfMissing(StoreIdentity.RECORD);
        // Into a store that has officers none comes back: he may have been removed.
        if (StoreOfficers.list(store.records()).stream().allMatch(officer -> officer.name().equals(by.name()))) {
            backup.names(OfficerRecord.PREFIX).forEach(this::takeIfMissing);
        }
    }

    private void takeIfMissing(String name) {
        if (backup.sealed(name) != null && store.records().get(name) == null) {
            sealed.add(name);
        }
    }

    /** Overwrites the keys of what is not done. */
    void destroy() {
        missing.values().forEach(DurableKeyGroup::destroy);
        present.values().forEach(DurableKeyGroup::destroy);
    }

    /** Does it; on the disk when this returns. */
    RestoreReport run() {
        Map<Integer, List<SamKey>> keys = new TreeMap<>();
        int[] kept = new int[1];
        present.forEach((number, old) -> {
            keys.put(number, missingKeys(store.groups().get(number), old));
            kept[0] += raiseCounters(store.groups().get(number), old);
        });
        store.commits().commit(records -> write(records, keys));
        store.groups().putAll(missing);
        keys.forEach((number, added) -> store.groups().get(number).serve(added));
        present.forEach((number, old) -> old.keys().stream().filter(key -> !keys.get(number).contains(key))
                .forEach(key -> key.value().destroy()));
        return new RestoreReport(new HashSet<>(missing.keySet()), keys.values().stream().mapToInt(List::size).sum(), kept[0]);
    }

    private void write(SealedStore records, Map<Integer, List<SamKey>> keys) {
        missing.values().forEach(group -> {
            group.putKeys(group.keys(), records);
            group.writeTo(records);
        });
        keys.forEach((number, added) -> {
            DurableKeyGroup group = store.groups().get(number);
            group.putKeys(added, records);
            group.writeTo(records);
        });
        sealed.forEach(name -> records.putSealed(name, backup.sealed(name)));
    }

    /** @return the keys whose record is free and whose KIF and KVC the group does not have elsewhere */
    private static List<SamKey> missingKeys(DurableKeyGroup group, DurableKeyGroup old) {
        return old.keys().stream().filter(key -> group.key(key.reference()) == null
                && (key.reference() > KeyGroup.LAST_WORK_KEY_RECORD || group.workKey(key.kif(), key.kvc()) == null)).toList();
    }

    /** @return how many counters of the group are ahead of the backup */
    private static int raiseCounters(DurableKeyGroup group, DurableKeyGroup old) {
        int[] values = new int[KeyGroup.COUNTERS];
        int ahead = 0;
        for (int counter = 0; counter < KeyGroup.COUNTERS; counter++) {
            values[counter] = old.eventCounter(counter);
            ahead += group.eventCounter(counter) > values[counter] ? 1 : 0;
        }
        group.raiseCounters(values);
        return ahead;
    }

    Set<Integer> groups() {
        Set<Integer> groups = new HashSet<>(missing.keySet());
        groups.addAll(present.keySet());
        return groups;
    }
}
