package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.RestoreReport;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.OpenStore;
import org.calypsohsm.keystore.admin.BackupFile.BadBackupException;

/** Writes backups, and brings back what is missing. */
final class Backups {

    private static final String STORE = "store";
    private static final String DATE = "date";
    private static final String SET = "startup.set";
    /** What is of the running store alone. */
    private static final String[] NOT_SAVED = {"check", "epoch", "attempt"};

    private final StoreAccess access;

    Backups(StoreAccess access) {
        this.access = access;
    }

    int write(OpenStore store, Officer by, Path file) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR, Role.OPERATOR);
        Path path = file.toAbsolutePath();
        if (Files.exists(path)) {
            throw exists(path, null);
        }
        if (path.getParent() == null || !Files.isWritable(path.getParent())) {
            throw access.fault(Reason.BAD_INPUT, "the folder of " + path + " is missing, or cannot be written; choose another one.");
        }
        access.order("store.backup", "file " + path, by.name(), "A backup is written.");
        SortedMap<String, byte[]> records = copy(store);
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put(BackupFile.FORMAT, BackupFile.FORMAT_1);
        labels.put(STORE, access.name());
        labels.put(DATE, Instant.now().toString());
        labels.put(SET, String.valueOf(store.records().label(SET)));
        try {
            BackupFile.write(path, records, labels, store.key());
        } catch (FileAlreadyExistsException e) {
            throw exists(path, e);
        } catch (IOException e) {
            throw access.fault(Reason.BAD_INPUT, "the file " + path + " cannot be written: " + e.getMessage() + "; choose another one.", e);
        }
        return (int) records.keySet().stream().filter(name -> name.endsWith("/state")).count();
    }

    private KeyAdministrationException exists(Path path, IOException cause) {
        return access.fault(Reason.BAD_INPUT, "the file " + path + " exists; choose another name.", cause);
    }

    /** Copied by the thread that commits, between two changes, so that all fits together. */
    private static SortedMap<String, byte[]> copy(OpenStore store) {
        SortedMap<String, byte[]> records = new TreeMap<>();
        store.commits().commit(present -> records.putAll(present.sealed()));
        for (String name : NOT_SAVED) {
            records.remove(name);
        }
        return records;
    }

    RestoreReport restore(OpenStore store, Officer by, Path file) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        Path path = file.toAbsolutePath();
        Restoration restoration = prepare(store, by, path);
        boolean done = false;
        try {
            access.order("store.restore", "file " + path, by.name(), "What is missing comes back from the backup with the key groups "
                    + restoration.groups() + ".");
            RestoreReport report = restoration.run();
            done = true;
            return report;
        } finally {
            if (!done) {
                restoration.destroy();
            }
        }
    }

    private Restoration prepare(OpenStore store, Officer by, Path path) throws KeyAdministrationException {
        try {
            return new Restoration(store, BackupFile.read(path, store.key()), by);
        } catch (BadBackupException e) {
            throw access.fault(Reason.BAD_INPUT, e.getMessage() + "; choose a backup of this store.", e);
        } catch (KeyStoreException e) {
            throw access.fault(Reason.BAD_INPUT, "the backup " + path + " is broken: " + e.reason(), e);
        }
    }
}
