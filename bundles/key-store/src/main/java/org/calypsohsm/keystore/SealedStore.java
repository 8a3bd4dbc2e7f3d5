package org.calypsohsm.keystore;

import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/** A file of sealed records. What is put becomes durable, all of it or nothing, with the next {@link #commit()}. */
public final class SealedStore implements Records, AutoCloseable {

    private final RecordTables tables;
    private volatile StorageKey key;

    /**
     * Opens the file, or makes it. Its records stay sealed until {@link #unseal}.
     *
     * @param file where it is
     * @throws KeyStoreException if the file is in use, broken, or cannot be written
     */
    SealedStore(Path file) {
        tables = RecordTables.open(file);
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
        return tables.label(name);
    }

    void label(String name, String value) {
        tables.putLabel(name, value);
    }

    void unlabel(String name) {
        tables.removeLabel(name);
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
        byte[] sealed = tables.record(name);
        return sealed == null ? null : key().open(name, sealed);
    }

    @Override
    public List<String> names(String prefix) {
        return tables.names(prefix);
    }

    /**
     * Puts a record, sealed; for the thread that commits.
     *
     * @param name   its name, ASCII
     * @param record what it holds; the caller overwrites it
     */
    public void put(String name, byte[] record) {
        tables.put(name, key().seal(name, record));
    }

    /**
     * Removes a record, if there is one; for the thread that commits.
     *
     * @param name its name
     */
    public void remove(String name) {
        tables.remove(name);
    }

    /**
     * Gives all records as they lie in the file; for the thread that commits, so that they fit together.
     *
     * @return sealed records by name, in order
     */
    public SortedMap<String, byte[]> sealed() {
        return tables.records();
    }

    /**
     * Takes a sealed record as it is; for the thread that commits.
     *
     * @param name   its name
     * @param sealed what {@link #sealed()} gave
     */
    public void putSealed(String name, byte[] sealed) {
        tables.put(name, sealed);
    }

    /** Returns when all that was put is on the disk. */
    void commit() {
        tables.commit();
    }

    @Override
    public void close() {
        seal();
        tables.close();
    }
}
