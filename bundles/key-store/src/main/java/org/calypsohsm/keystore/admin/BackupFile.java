package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.RecordTables;
import org.calypsohsm.keystore.Records;
import org.calypsohsm.keystore.StorageKey;

/**
 * A backup: a file of SQLite with the records of a store as they were sealed there, labels that anybody can read, and a sealed
 * hash of all of them, so that nothing in it can be changed, left out, or exchanged for that of another backup.
 */
final class BackupFile implements Records {

    /** The file is no backup, of another storage key, or was changed; the message says so as the rest of a sentence. */
    static final class BadBackupException extends Exception {

        private static final long serialVersionUID = 1L;

        BadBackupException(String reason, Throwable cause) {
            super(reason, cause);
        }
    }

    /** Label: what the file is. */
    static final String FORMAT = "format";
    /** Value of {@link #FORMAT}. */
    static final String FORMAT_1 = "Calypso HSM key store backup 1";

    /** Name of the record with the hash; no record of a store has it. */
    private static final String HASH = "backup";

    private final SortedMap<String, byte[]> records;
    private final SortedMap<String, String> labels;
    private final StorageKey key;

    private BackupFile(SortedMap<String, byte[]> records, SortedMap<String, String> labels, StorageKey key) {
        this.records = records;
        this.labels = labels;
        this.key = key;
    }

    /**
     * Writes a backup.
     *
     * @param file    where to; must not exist
     * @param records sealed records by name
     * @param labels  labels by name
     * @param key     seals the hash
     * @throws IOException if it cannot be written; there is no file then
     */
    static void write(Path file, SortedMap<String, byte[]> records, SortedMap<String, String> labels, StorageKey key)
            throws IOException {
        byte[] image;
        try (RecordTables tables = RecordTables.inMemory()) {
            records.forEach(tables::put);
            labels.forEach(tables::putLabel);
            tables.put(HASH, key.seal(HASH, hash(records, labels)));
            image = tables.image();
        } catch (KeyStoreException e) {
            throw new IOException(e.reason(), e);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            ByteBuffer left = ByteBuffer.wrap(image);
            while (left.hasRemaining()) {
                channel.write(left);
            }
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /**
     * Reads a backup, and checks that it is whole.
     *
     * @param file where it is; not changed
     * @param key  opens it
     */
    static BackupFile read(Path file, StorageKey key) throws BadBackupException {
        if (!Files.isRegularFile(file)) {
            throw new BadBackupException("there is no file " + file, null);
        }
        SortedMap<String, byte[]> records;
        SortedMap<String, String> labels;
        // From memory: SQLite would write to a file beside a backup that was changed to say so.
        try (RecordTables tables = RecordTables.of(Files.readAllBytes(file))) {
            labels = tables.labels();
            records = tables.records();
        } catch (KeyStoreException e) {
            throw new BadBackupException("the file " + file + " is no backup of a key store, or was changed: " + e.reason(), e);
        } catch (IOException | OutOfMemoryError e) {
            throw new BadBackupException("the file " + file + " cannot be read: " + e.getMessage(), e);
        }
        byte[] seal = records.remove(HASH);
        if (seal == null || !FORMAT_1.equals(labels.get(FORMAT))) {
            throw new BadBackupException("the file " + file + " is no backup of a key store", null);
        }
        requireWhole(file, key, seal, hash(records, labels));
        return new BackupFile(records, labels, key);
    }

    private static void requireWhole(Path file, StorageKey key, byte[] seal, byte[] hash) throws BadBackupException {
        byte[] sealed;
        try {
            sealed = key.open(HASH, seal);
        } catch (KeyStoreException e) {
            throw new BadBackupException("the backup " + file + " does not open with the storage key of this store: it is of one with"
                    + " other startup cards, or was changed", e);
        }
        if (!Arrays.equals(sealed, hash)) {
            throw new BadBackupException("the backup " + file + " was changed", null);
        }
    }

    /** @return SHA-256 of all names and values, each behind its length */
    private static byte[] hash(SortedMap<String, byte[]> records, SortedMap<String, String> labels) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(labels.size()).flip());
            labels.forEach((name, value) -> {
                update(digest, name.getBytes(StandardCharsets.UTF_8));
                update(digest, value.getBytes(StandardCharsets.UTF_8));
            });
            records.forEach((name, value) -> {
                update(digest, name.getBytes(StandardCharsets.UTF_8));
                update(digest, value);
            });
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }

    private static void update(MessageDigest digest, byte[] part) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
        digest.update(part);
    }

    String label(String name) {
        return labels.get(name);
    }

    /** @return the record as it was sealed; null if there is none of this name */
    byte[] sealed(String name) {
        return records.get(name);
    }

    @Override
    public byte[] get(String name) {
        byte[] sealed = records.get(name);
        return sealed == null ? null : key.open(name, sealed);
    }

    @Override
    public List<String> names(String prefix) {
        return records.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
    }
}
