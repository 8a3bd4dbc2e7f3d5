package org.calypsohsm.keystore.admin;

import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.keystore.DurableKeyGroup;

/**
 * Chooses the records of new keys in a group, as the SAM does: the lowest that is free (sam-s1-apdu.md section 4.2). Whoever
 * chooses and writes holds the monitor of the group, since commands on channels do so too.
 */
final class KeyPlaces {

    private final StoreAccess access;
    private final DurableKeyGroup group;
    private final List<SamKey> placed = new ArrayList<>();

    KeyPlaces(StoreAccess access, DurableKeyGroup group) {
        this.access = access;
        this.group = group;
    }

    /**
     * Finds a place for a key.
     *
     * @return its record reference
     * @throws KeyAdministrationException ALREADY_THERE, or BAD_INPUT if all records are used
     */
    int find(KeyTemplate key) throws KeyAdministrationException {
        SystemKeyType type = key.systemType();
        boolean there = type == null ? group.workKey(key.kif(), key.kvc()) != null || isPlaced(key)
                : group.systemKey(type) != null && group.systemKey(type).kvc() == key.kvc() || isPlaced(type.reference());
        if (there) {
            throw access.fault(Reason.ALREADY_THERE, String.format("key group %d has a %s key with KIF %02X and KVC %02X already; choose"
                    + " another KVC.", group.number(), type == null ? "work" : "system", key.kif(), key.kvc()));
        }
        if (type != null) {
            return type.reference();
        }
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            if (group.workKeyAt(record) == null && !isPlaced(record)) {
                return record;
            }
        }
        throw access.fault(Reason.BAD_INPUT, "all records of key group " + group.number() + " are used; delete a key first.");
    }

    private boolean isPlaced(int reference) {
        return placed.stream().anyMatch(key -> key.reference() == reference);
    }

    private boolean isPlaced(KeyTemplate template) {
        return placed.stream().anyMatch(key -> key.reference() <= KeyGroup.LAST_WORK_KEY_RECORD && key.kif() == template.kif()
                && key.kvc() == template.kvc());
    }

    /** Makes a key in the place found for it. */
    SamKey place(KeyTemplate template, KeyValue value) throws KeyAdministrationException {
        SamKey key = new SamKey(find(template), template.kif(), template.kvc(), template.alg(), template.parameters(), value);
        placed.add(key);
        return key;
    }
}
