package org.calypsohsm.key;

import java.util.Set;

import org.osgi.annotation.versioning.ProviderType;

/** The service that holds the key groups. */
@ProviderType
public interface KeyStore {

    /** @return the numbers of the key groups that exist now; a snapshot */
    Set<Integer> keyGroups();

    /**
     * Finds a key group.
     *
     * @param number the group's number
     * @return the group, or null if there is none of this number
     */
    KeyGroup keyGroup(int number);
}
