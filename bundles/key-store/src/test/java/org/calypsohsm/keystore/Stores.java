package org.calypsohsm.keystore;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;

/** Makes and opens stores for tests, as start-up does. */
public final class Stores {

    public static final CardSet CARDS = new CardSet("0123456789ABCDEF", 2, 3);
    static final CounterMarks.Listener NO_MARKS = (group, counter, value, ceiling, percent) -> { };

    private Stores() {
    }

    /** @return the storage key of all test stores */
    public static byte[] storageKey() {
        byte[] key = new byte[LockedStore.STORAGE_KEY_LENGTH];
        Arrays.fill(key, (byte) 0x5A);
        return key;
    }

    /** @return a store that is locked, in the folder {@code keys} of the one given */
    public static DurableKeyStore locked(Path folder, int... testGroups) {
        return new DurableKeyStore("main", folder.resolve("keys"), null, false, testGroups);
    }

    /** Writes what is under way, and closes a store. */
    public static void close(DurableKeyStore store) {
        store.close();
    }

    /** Has a store tell an audit log. */
    public static void audit(DurableKeyStore store, AuditLog log) {
        store.bindAuditLog(log);
    }

    /** @return a store that is open */
    public static DurableKeyStore open(Path folder, int... testGroups) {
        DurableKeyStore store = locked(folder, testGroups);
        try {
            if (store.cardSet() == null) {
                store.initialize(storageKey(), CARDS);
            } else {
                store.open(storageKey(), 0);
            }
            return store;
        } catch (StartupException e) {
            store.close();
            throw new AssertionError(e);
        }
    }

    /** Changes a file of SQLite, as somebody else could. */
    public static void sql(Path file, String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file); Statement change = connection.createStatement()) {
            change.execute(statement);
        }
    }
}
