package org.calypsohsm.keystore;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/** What there is of a store while it is open: the storage key, the groups, and the thread that writes. */
public final class OpenStore {

    private static final String CHECK = "check";
    private static final byte[] CHECKED = "Calypso HSM key store".getBytes(StandardCharsets.US_ASCII);
    private static final String EPOCH = "epoch";

    private final SealedStore file;
    private final StorageKey key;
    private final EpochFile epochFile;
    private final GroupCommit commits;
    private final CounterMarks.Listener marks;
    private final Map<Integer, DurableKeyGroup> groups = new ConcurrentSkipListMap<>();
    private long epoch;

    private OpenStore(SealedStore file, StorageKey key, EpochFile epochFile, CounterMarks.Listener marks,
            Consumer<RuntimeException> onFailure) {
        this.file = file;
        this.key = key;
        this.epochFile = epochFile;
        this.marks = marks;
        file.unseal(key);
        commits = new GroupCommit(file, onFailure);
    }

    /** Begins a store. */
    static OpenStore create(SealedStore file, StorageKey key, long epoch, EpochFile epochFile, CounterMarks.Listener marks,
            Consumer<RuntimeException> onFailure) {
        OpenStore store = new OpenStore(file, key, epochFile, marks, onFailure);
        try {
            // The file first: if there is a crash between the two, there is no store yet, and it is begun again.
            epochFile.write(key, epoch);
            store.commits.commit(records -> {
                records.put(CHECK, CHECKED);
                records.put(EPOCH, bytes(epoch));
            });
            store.epoch = epoch;
            return store;
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Opens a store.
     *
     * @throws WrongKeyException if the storage key is of another one
     * @throws KeyStoreException if it is broken; the message says where
     */
    static OpenStore open(SealedStore file, StorageKey key, EpochFile epochFile, CounterMarks.Listener marks,
            Consumer<RuntimeException> onFailure) throws WrongKeyException {
        OpenStore store = new OpenStore(file, key, epochFile, marks, onFailure);
        try {
            store.read();
            return store;
        } catch (WrongKeyException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** The storage key is of another store. */
    static final class WrongKeyException extends Exception {

        private static final long serialVersionUID = 1L;

        WrongKeyException(Throwable cause) {
            super("the storage key is of another store.", cause);
        }
    }

    private void read() throws WrongKeyException {
        try {
            if (!Arrays.equals(file.get(CHECK), CHECKED)) {
                throw new KeyStoreException("its check record is missing.", null);
            }
        } catch (KeyStoreException e) {
            throw new WrongKeyException(e);
        }
        epoch = ByteBuffer.wrap(file.get(EPOCH)).getLong();
        for (int number : DurableKeyGroup.numbers(file)) {
            groups.put(number, DurableKeyGroup.read(number, file, marks, commits));
        }
    }

    /**
     * Goes to the next epoch. If the store is behind one that is known elsewhere, it is an old copy, and all event counters
     * go to their ceilings.
     *
     * @param cardEpoch the highest one that a startup card remembers
     * @return true if the store was an old copy
     */
    boolean goOn(long cardEpoch) {
        long known = epochFile.read(key);
        boolean old = epoch < cardEpoch || epoch < known;
        if (old) {
            groups.values().forEach(DurableKeyGroup::exhaust);
            commits.commit(records -> groups.values().forEach(group -> group.writeTo(records)));
        }
        nextEpoch(known == Long.MAX_VALUE ? cardEpoch : Math.max(cardEpoch, known));
        return old;
    }

    private void nextEpoch(long known) {
        long next = Math.max(epoch, known) + 1;
        commits.commit(records -> records.put(EPOCH, bytes(next)));
        // The file after the store: a crash between the two leaves the store ahead, which is harmless.
        epochFile.write(key, next);
        epoch = next;
    }

    private static byte[] bytes(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    long epoch() {
        return epoch;
    }

    /** @return the groups by number; may be changed, under the lock of the administration */
    public Map<Integer, DurableKeyGroup> groups() {
        return groups;
    }

    /** @return told when an event counter has used up a good part of its ceiling */
    public CounterMarks.Listener marks() {
        return marks;
    }

    /** @return makes changes durable */
    public GroupCommit commits() {
        return commits;
    }

    /** @return the records: to read; what is written goes through {@link #commits()} */
    public SealedStore records() {
        return file;
    }

    /** @return the storage key */
    public StorageKey key() {
        return key;
    }

    /** Ends the epoch, so that copies taken until now are old, and closes. */
    void endEpoch() {
        try {
            nextEpoch(epoch);
        } finally {
            close();
        }
    }

    /** Writes what is under way, and overwrites all keys in memory. */
    void close() {
        commits.close();
        groups.values().forEach(DurableKeyGroup::destroy);
        file.seal();
    }
}
