package org.calypsohsm.key;

import java.util.concurrent.CompletionStage;

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
    /** Number of event counters, and of ceilings (sam-s1-apdu.md section 4.3). */
    int COUNTERS = 27;
    /** Highest value of a ceiling. */
    int HIGHEST_CEILING = 0xFFFFFA;
    /** Length of the lock file in bytes (sam-s1-apdu.md section 4.5). */
    int LOCK_FILE_LENGTH = 29;
    /** What {@link #countUse(SamKey)} answers when the event counter is at its ceiling. */
    int BLOCKED = -1;

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
     * Counts one use of a key. The response that uses it must not leave before {@link #pendingCommit()} is complete.
     *
     * @param key a key of this group
     * @return the new value of the key's event counter; 0 if the key has none; {@link #BLOCKED} if it is at its ceiling,
     *         and nothing is counted then
     */
    int countUse(SamKey key);

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

    /**
     * Tells whether a counter may be raised freely.
     *
     * @param number 0..26
     * @return the flag of this counter in its ceiling record
     */
    boolean isFree(int number);

    /**
     * Reads the lock file.
     *
     * @return a copy of 29 bytes; all zero if there is none
     */
    byte[] lockFile();

    /**
     * Takes the next transaction number of the SAM (stored value). The response that holds it must not leave before
     * {@link #pendingCommit()} is complete.
     *
     * @return 1..FFFFFF, never the same twice until it wraps
     */
    int nextTransactionNumber();

    /**
     * Tells when all uses and transaction numbers taken so far can no longer be lost. Waiting is left to the caller, so that
     * thousands of channels can wait for one write without a thread for each.
     *
     * @return completes then, or with what went wrong, after which nothing may be answered; null if there is nothing to wait for
     */
    CompletionStage<Void> pendingCommit();

    // What follows changes the group. Each method returns when the change can no longer be lost.

    /**
     * Writes a key into the record that its reference names; what was there is gone. Whoever chooses a free record for it
     * holds the monitor of this group from the choice to the return, so that nobody else gets the same record.
     *
     * @param key a work key or a system key
     */
    void writeKey(SamKey key);

    /**
     * Writes the lock file.
     *
     * @param file 29 bytes
     */
    void writeLockFile(byte[] file);

    /**
     * Writes the SAM parameters.
     *
     * @param parameters 29 bytes
     */
    void writeParameters(byte[] parameters);

    /**
     * Writes ceilings.
     *
     * @param first    number of the first counter, 0..26
     * @param ceilings their new ceilings, each 0..FFFFFA
     * @param free     for each whether its counter may be raised freely; null leaves that as it is
     */
    void writeCeilings(int first, int[] ceilings, boolean[] free);

    /**
     * Deletes the key of a record, if there is one.
     *
     * @param reference 01..7E for a work key, C1..C4 for a system key
     * @since 1.1
     */
    void deleteKey(int reference);

    // ---- quota of channels

    /**
     * Tells how many channels may be open for this group at once, over all modules that share it.
     *
     * @return the quota; 0 if there is none
     * @since 1.1
     */
    int channelQuota();

    /**
     * Tells how many channels are open for this group.
     *
     * @return how many
     * @since 1.1
     */
    int channelsInUse();

    /**
     * Counts a channel that opens; {@link #giveChannel()} must follow once.
     *
     * @param overQuota true for a channel that moves here from another module: it was counted before
     * @return false if the quota is used up; nothing is counted then
     * @since 1.1
     */
    boolean takeChannel(boolean overQuota);

    /**
     * Counts a channel that closes.
     *
     * @since 1.1
     */
    void giveChannel();
}
