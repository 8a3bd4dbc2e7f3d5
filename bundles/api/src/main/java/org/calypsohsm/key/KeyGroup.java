package org.calypsohsm.key;

import org.osgi.annotation.versioning.ProviderType;

/**
 * An independent set of keys, event counters, ceilings and SAM parameters. A channel sees exactly one group.
 * All methods may be called by many threads at once, and none blocks for another channel.
 */
@ProviderType
public interface KeyGroup {

    /** Length of the SAM parameters in bytes (sam-s1-apdu.md section 4.4). */
    int PARAMETERS_LENGTH = 29;
    /** Highest work key record (sam-s1-apdu.md section 4.2). */
    int LAST_WORK_KEY_RECORD = 0x7E;

    /** @return the number that clients open a channel with, 0 or more */
    int number();

    /**
     * Finds a work key by its identifier and version.
     *
     * @param kif key identifier, 0..FF
     * @param kvc key version and category, 0..FF
     * @return the key, or null if the group has none
     */
    SamKey workKey(int kif, int kvc);

    /**
     * Finds a work key by its record.
     *
     * @param record 01..7E
     * @return the key, or null if the record is empty or out of range
     */
    SamKey workKeyAt(int record);

    /**
     * Finds a system key.
     *
     * @param type which one
     * @return the key, or null if the group has none
     */
    SamKey systemKey(SystemKeyType type);

    /** @return a copy of the SAM parameters, 29 bytes */
    byte[] parameters();

    /**
     * Counts one use of a key. It returns when the new value of the event counter can no longer be lost.
     *
     * @param key a key of this group
     * @return false if the event counter of the key is at its ceiling; nothing is counted then
     */
    boolean countUse(SamKey key);

    /**
     * Reads an event counter.
     *
     * @param number 0..26
     * @return its value, 0..FFFFFF
     */
    int eventCounter(int number);

    /**
     * Reads a ceiling.
     *
     * @param number 0..26
     * @return the value that the event counter of this number cannot exceed, 0..FFFFFA
     */
    int ceiling(int number);
}
