package org.calypsohsm.keystore;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/** A file of sealed records. What is put becomes durable, all of it or nothing, with the next {@link #commit()}. */
public final class SealedStore implements Records, AutoCloseable {

    /** Old chunks are kept this long before their place is used again: after a crash an older version may be the newest whole one. */
    private static final int RETENTION_MILLIS = 45_000;
    /** From this size on, the file is looked at for places to free. */
    private static final long COMPACT_FROM_BYTES = 32L << 20;
    private static final int COMPACT_MILLIS = 20;
    private static final int COMMITS_BETWEEN_LOOKS = 256;

    private static final String RECORDS = "records";
    /** What may be read while the store is sealed: which startup cards open it. */
    private static final String LABELS = "labels";

    private final MVStore store;
    private final MVMap<String, byte[]> records;
    private final MVMap<String, String> labels;
    private volatile StorageKey key;
    private int commits;

    /**
     * Opens the file, or makes it. Its records stay sealed until {@link #unseal}.
     *
     * @param file where it is
     * @throws KeyStoreException if the file is in use, broken, or cannot be written
     */
    SealedStore(Path file) {
        try {
            store = new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().open();
        } catch (MVStoreException e) {
            throw new KeyStoreException("the file " + file + " does not open: " + firstLine(e) + ".", e);
        }
        store.setVersionsToKeep(0);
        store.setRetentionTime(RETENTION_MILLIS);
        records = store.openMap(RECORDS);
        labels = store.openMap(LABELS);
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** @param storageKey seals and opens the records from now on */
    void unseal(StorageKey storageKey) {
        key = storageKey;
    }

    /** Forgets the storage key. */
    void seal() {
        StorageKey gone = key;
        key = null;
        if (gone != null) {
            gone.destroy();
        }
    }

    /**
     * Reads a label, which is not sealed.
     *
     * @param name its name
     * @return the label; null if there is none of this name
     */
    public String label(String name) {
        return labels.get(name);
    }

    void label(String name, String value) {
        labels.put(name, value);
    }

    void unlabel(String name) {
        labels.remove(name);
    }

    boolean isEmpty() {
        return records.isEmpty();
    }

    private StorageKey key() {
        StorageKey now = key;
        if (now == null) {
            throw new KeyStoreException("it is locked.", null);
        }
        return now;
    }

    @Override
    public byte[] get(String name) {
        byte[] sealed = records.get(name);
        return sealed == null ? null : key().open(name, sealed);
    }

    @Override
    public List<String> names(String prefix) {
        List<String> names = new ArrayList<>();
        for (String name = records.ceilingKey(prefix); name != null && name.startsWith(prefix); name = records.higherKey(name)) {
            names.add(name);
        }
        return names;
    }

    /**
     * Puts a record, sealed; for the thread that commits.
     *
     * @param name   its name, ASCII
     * @param record what it holds; the caller overwrites it
     */
    public void put(String name, byte[] record) {
        records.put(name, key().seal(name, record));
    }

    /**
     * Removes a record, if there is one; for the thread that commits.
     *
     * @param name its name
     */
    public void remove(String name) {
        records.remove(name);
    }

    /**
     * Gives all records as they lie in the file; for the thread that commits, so that they fit together.
     *
     * @return sealed records by name, in order
     */
    public SortedMap<String, byte[]> sealed() {
        return new TreeMap<>(records);
    }

    /**
     * Takes a sealed record as it is; for the thread that commits.
     *
     * @param name   its name
     * @param sealed what {@link #sealed()} gave
     */
    public void putSealed(String name, byte[] sealed) {
        records.put(name, sealed);
    }

    /** Returns when all that was put is on the disk. */
    void commit() {
        store.commit();
        store.sync();
        if (++commits % COMMITS_BETWEEN_LOOKS == 0 && store.getFileStore().size() > COMPACT_FROM_BYTES) {
            store.compactFile(COMPACT_MILLIS);
        }
    }

    @Override
    public void close() {
        seal();
        store.close();
    }
}
