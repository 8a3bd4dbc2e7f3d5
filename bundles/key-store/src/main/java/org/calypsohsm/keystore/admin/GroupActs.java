package org.calypsohsm.keystore.admin;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.OpenStore;

/** Makes, limits and deletes key groups. */
final class GroupActs {

    private final StoreAccess access;

    GroupActs(StoreAccess access) {
        this.access = access;
    }

    private static String subject(int number) {
        return "key group " + number;
    }

    KeyGroup create(OpenStore store, Officer by, int number, int quota, int ceiling) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        if (number < 0) {
            throw access.fault(Reason.BAD_INPUT, "a key group is numbered from 0, not " + number + ".");
        }
        requireQuota(quota);
        if (ceiling < 0 || ceiling > KeyGroup.HIGHEST_CEILING) {
            throw access.fault(Reason.BAD_INPUT, String.format("a ceiling is 0 to %X, not %X.", KeyGroup.HIGHEST_CEILING, ceiling));
        }
        if (store.groups().containsKey(number)) {
            throw access.fault(Reason.ALREADY_THERE, "there is a key group " + number + " already; choose another number.");
        }
        access.order("group.create", subject(number), by.name(), String.format("The key group is made, with the quota %d and the"
                + " ceiling %,d.", quota, ceiling));
        DurableKeyGroup group = DurableKeyGroup.empty(number, quota, ceiling, store.marks(), store.commits());
        store.commits().commit(group);
        store.groups().put(number, group);
        return group;
    }

    private void requireQuota(int quota) throws KeyAdministrationException {
        if (quota < 0) {
            throw access.fault(Reason.BAD_INPUT, "a quota of channels is 0 for none, or more, not " + quota + ".");
        }
    }

    void limit(OpenStore store, Officer by, int number, int quota) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        requireQuota(quota);
        access.order("group.quota", subject(number), by.name(), "The quota of channels becomes " + quota + ".");
        group.limitChannels(quota);
    }

    void delete(OpenStore store, Officer by, int number) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        requireUnused(number, group.channelsInUse() == 0);
        access.order("group.delete", subject(number), by.name(), "The key group is deleted with its " + group.keys().size() + " keys.");
        requireUnused(number, group.retire());
        store.groups().remove(number);
        group.delete();
    }

    private void requireUnused(int number, boolean unused) throws KeyAdministrationException {
        if (!unused) {
            throw access.fault(Reason.IN_USE, "channels are open for key group " + number + "; have them closed first.");
        }
    }
}
