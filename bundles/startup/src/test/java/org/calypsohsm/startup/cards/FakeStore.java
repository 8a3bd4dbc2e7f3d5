package org.calypsohsm.startup.cards;

import java.util.Arrays;

import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyStoreStatus.State;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;

/** A store that keeps its key in memory. */
final class FakeStore implements LockedStore {

    private final String name;
    private byte[] key;
    private CardSet set;
    private boolean open;
    private long epoch;
    private long lastCardEpoch = -1;
    private int openings;

    FakeStore(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized KeyStoreStatus status() {
        return new KeyStoreStatus(open ? State.OPEN : State.LOCKED, "It is a test.");
    }

    @Override
    public synchronized CardSet cardSet() {
        return set;
    }

    @Override
    public synchronized void initialize(byte[] storageKey, CardSet cards) {
        key = storageKey.clone();
        Arrays.fill(storageKey, (byte) 0);
        set = cards;
        open = true;
        epoch = 1;
    }

    @Override
    public synchronized long adopt(byte[] storageKey, CardSet cards, long cardEpoch) {
        initialize(storageKey, cards);
        lastCardEpoch = cardEpoch;
        epoch = cardEpoch + 1;
        return epoch;
    }

    @Override
    public synchronized long open(byte[] storageKey, long cardEpoch) throws StartupException {
        boolean right = Arrays.equals(key, storageKey);
        Arrays.fill(storageKey, (byte) 0);
        lastCardEpoch = cardEpoch;
        if (!right) {
            throw new StartupException(Reason.WRONG_KEY, "Key store " + name + ": the storage key is of another store.");
        }
        open = true;
        openings++;
        return ++epoch;
    }

    @Override
    public synchronized void lock(String reason) {
        open = false;
    }

    @Override
    public synchronized void zeroize(String reason) {
        open = false;
        key = null;
        set = null;
    }

    synchronized byte[] key() {
        return key.clone();
    }

    /** Has it hold another key, as a store restored from elsewhere does. */
    synchronized void exchangeKey() {
        key[0] ^= 1;
    }

    synchronized long epoch() {
        return epoch;
    }

    synchronized long lastCardEpoch() {
        return lastCardEpoch;
    }

    synchronized int openings() {
        return openings;
    }
}
