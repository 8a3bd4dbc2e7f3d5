package org.calypsohsm.startup;

import org.calypsohsm.key.KeyStoreStatus;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The side of a key store that start-up sees: what a storage key opens. A key store registers it; the start-up service is
 * its only caller. Service property {@link org.calypsohsm.key.KeyStore#NAME}.
 */
@ProviderType
public interface LockedStore {

    /** Length of a storage key in bytes: AES-256. */
    int STORAGE_KEY_LENGTH = 32;

    /** @return name of the key store */
    String name();

    /** @return the state now */
    KeyStoreStatus status();

    /** @return which set of startup cards opens it; null if it has none yet, so that it has to be initialized */
    CardSet cardSet();

    /**
     * Begins a new store under a storage key, and opens it.
     *
     * @param storageKey {@value #STORAGE_KEY_LENGTH} bytes; overwritten with zeros
     * @param cards      the set of startup cards that holds the key
     * @throws StartupException ALREADY_INITIALIZED, or FAILED
     */
    void initialize(byte[] storageKey, CardSet cards) throws StartupException;

    /**
     * Begins a new store under startup cards that are there already, and opens it: after the loss of a disk, so that a backup
     * of the store of before can be restored.
     *
     * @param storageKey {@value #STORAGE_KEY_LENGTH} bytes; overwritten with zeros
     * @param cards      the set of startup cards that holds the key
     * @param cardEpoch  the highest epoch that the cards presented remember; 0 if none does
     * @return the epoch from now on, above that, for the cards to remember
     * @throws StartupException ALREADY_INITIALIZED, or FAILED
     */
    long adopt(byte[] storageKey, CardSet cards, long cardEpoch) throws StartupException;

    /**
     * Opens the store. Its epoch, a number that only grows, goes up by one. A store whose epoch is below the one that a
     * card remembers is an old copy: all event counters go to their ceilings then, so that no use is given back.
     *
     * @param storageKey {@value #STORAGE_KEY_LENGTH} bytes; overwritten with zeros
     * @param cardEpoch  the highest epoch that the cards presented remember; 0 if none does
     * @return the epoch from now on, for the cards to remember
     * @throws StartupException WRONG_KEY if the key is of another store; ALREADY_OPEN; FAILED
     */
    long open(byte[] storageKey, long cardEpoch) throws StartupException;

    /**
     * Locks the store: its keys are overwritten in memory, and the modules on it are LOCKED when this returns.
     *
     * @param reason why, in one sentence
     * @throws StartupException NOT_RECORDED if the audit log does not take it
     */
    void lock(String reason) throws StartupException;

    /**
     * Destroys the store: locks it and deletes all of its records. No startup card brings them back.
     *
     * @param reason why, in one sentence; recorded in the audit log if there is one that takes it
     * @throws StartupException FAILED if the file could not be overwritten; it is locked all the same
     */
    void zeroize(String reason) throws StartupException;
}
