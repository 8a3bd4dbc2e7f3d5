package org.calypsohsm.keystore;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A file of named byte strings in a few tables: an SQLite database, whose write-ahead log keeps it whole wherever a process
 * is killed (ADR 6). Changes become durable with the next {@link #commit()}, all or none. Safe for many threads.
 */
public final class RecordFile implements AutoCloseable {

    /** A table of names and byte strings. */
    public enum Table {
        /** Sealed records. */
        RECORDS,
        /** What anybody may read, as UTF-8. */
        LABELS,
        /** What proves that the other two are whole. */
        SEAL
    }

    private static final String PREFIX = "jdbc:sqlite:";

    private final Path file;
    private final Connection connection;
    private final Map<Table, PreparedStatement> put = new EnumMap<>(Table.class);
    private final Map<Table, PreparedStatement> get = new EnumMap<>(Table.class);
    private final Map<Table, PreparedStatement> remove = new EnumMap<>(Table.class);

    private RecordFile(Path file, Connection connection) throws SQLException {
        this.file = file;
        this.connection = connection;
        for (Table table : Table.values()) {
            get.put(table, connection.prepareStatement("SELECT value FROM " + table + " WHERE name = ?"));
            put.put(table, connection.prepareStatement("INSERT OR REPLACE INTO " + table + " (name, value) VALUES (?, ?)"));
            remove.put(table, connection.prepareStatement("DELETE FROM " + table + " WHERE name = ?"));
        }
        connection.setAutoCommit(false);
    }

    /**
     * Opens a file for this process alone, or makes it, for many small commits.
     *
     * @param file where it is
     * @throws KeyStoreException if it is in use, broken, or cannot be written
     */
    public static RecordFile open(Path file) {
        return writable(file, SQLiteConfig.JournalMode.WAL);
    }

    /**
     * Opens a file for this process alone, or makes it, to be written once: nothing lies beside it in the end.
     *
     * @param file where it is
     * @throws KeyStoreException if it is in use, broken, or cannot be written
     */
    public static RecordFile write(Path file) {
        return writable(file, SQLiteConfig.JournalMode.DELETE);
    }

    private static RecordFile writable(Path file, SQLiteConfig.JournalMode journal) {
        SQLiteConfig config = config();
        // Every commit reaches the disk before it returns.
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        return open(file, config, connection -> {
            try (Statement statement = connection.createStatement()) {
                // In this order: the log of a file that nobody shares needs no memory beside it.
                statement.execute("PRAGMA locking_mode = EXCLUSIVE");
                // On macOS through the cache of the disk, too.
                statement.execute("PRAGMA fullfsync = ON");
                statement.execute("PRAGMA journal_mode = " + journal);
                for (Table table : Table.values()) {
                    statement.execute("CREATE TABLE IF NOT EXISTS " + table
                            + " (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID");
                }
                // A file that only looks whole must not be written on.
                try (ResultSet found = statement.executeQuery("PRAGMA quick_check(1)")) {
                    if (!found.next() || !"ok".equals(found.getString(1))) {
                        throw new SQLException("it is broken");
                    }
                }
            }
        });
    }

    /**
     * Opens a file that is not changed.
     *
     * @param file where it is
     * @throws KeyStoreException if it is no such file
     */
    public static RecordFile read(Path file) {
        SQLiteConfig config = config();
        config.setReadOnly(true);
        return open(file, config, connection -> { });
    }

    private static SQLiteConfig config() {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(0);
        config.enableLoadExtension(false);
        return config;
    }

    /** What has to be done before the tables are used. */
    @FunctionalInterface
    private interface Preparation {
        void prepare(Connection connection) throws SQLException;
    }

    private static RecordFile open(Path file, SQLiteConfig config, Preparation preparation) {
        Connection connection = null;
        try {
            connection = config.createConnection(PREFIX + file);
            try (Statement statement = connection.createStatement()) {
                // What somebody else put into the file must do nothing by itself.
                statement.execute("PRAGMA trusted_schema = OFF");
                statement.execute("PRAGMA cell_size_check = ON");
                // What is deleted is overwritten.
                statement.execute("PRAGMA secure_delete = ON");
            }
            preparation.prepare(connection);
            return new RecordFile(file, connection);
        } catch (SQLException e) {
            close(connection);
            throw new KeyStoreException("the file " + file + " does not open: " + reason(e) + ".", e);
        }
    }

    private static String reason(SQLException e) {
        return e instanceof SQLiteException fault && fault.getResultCode() == SQLiteErrorCode.SQLITE_BUSY
                ? "another process uses it" : String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /**
     * Reads a value.
     *
     * @param table where
     * @param name  its name
     * @return a new array; null if there is none of this name
     */
    public synchronized byte[] get(Table table, String name) {
        try {
            PreparedStatement statement = get.get(table);
            statement.setString(1, name);
            try (ResultSet found = statement.executeQuery()) {
                return found.next() ? found.getBytes(1) : null;
            }
        } catch (SQLException e) {
            throw broken("cannot be read", e);
        }
    }

    /**
     * Puts a value in place of the one of this name, if there is one.
     *
     * @param table where
     * @param name  its name
     * @param value the value
     * @throws KeyStoreException if it cannot be written
     */
    public synchronized void put(Table table, String name, byte[] value) {
        try {
            PreparedStatement statement = put.get(table);
            statement.setString(1, name);
            statement.setBytes(2, value);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw broken("cannot be written", e);
        }
    }

    /**
     * Removes a value, if there is one of this name.
     *
     * @param table where
     * @param name  its name
     * @throws KeyStoreException if it cannot be written
     */
    public synchronized void remove(Table table, String name) {
        try {
            PreparedStatement statement = remove.get(table);
            statement.setString(1, name);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw broken("cannot be written", e);
        }
    }

    /** @return the names in a table that begin so, ASCII, in order */
    public synchronized List<String> names(Table table, String prefix) {
        List<String> names = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT name FROM " + table
                + " WHERE name >= ?1 AND name < ?1 || char(0xFFFF) ORDER BY name")) {
            statement.setString(1, prefix);
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    names.add(found.getString(1));
                }
            }
            return names;
        } catch (SQLException e) {
            throw broken("cannot be read", e);
        }
    }

    /** @return all values of a table by name; a copy */
    public synchronized SortedMap<String, byte[]> all(Table table) {
        SortedMap<String, byte[]> all = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT name, value FROM " + table)) {
            while (found.next()) {
                all.put(found.getString(1), found.getBytes(2));
            }
            return all;
        } catch (SQLException e) {
            throw broken("cannot be read", e);
        }
    }

    /** Returns when all that was put and removed is on the disk. */
    public synchronized void commit() {
        try {
            connection.commit();
        } catch (SQLException e) {
            throw broken("cannot be written", e);
        }
    }

    /** Closes the file; what was not committed is gone. */
    @Override
    public synchronized void close() {
        close(connection);
    }

    private static void close(Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            throw new KeyStoreException("the file does not close: " + reason(e) + ".", e);
        }
    }

    private KeyStoreException broken(String what, SQLException e) {
        return new KeyStoreException("the file " + file + " " + what + ": " + reason(e) + ".", e);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String utf8(byte[] text) {
        return new String(text, StandardCharsets.UTF_8);
    }
}
