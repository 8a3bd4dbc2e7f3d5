package org.calypsohsm.keystore;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;

import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The tables of a store or a backup, in SQLite: records as they are sealed, and labels that anybody can read, each by name.
 * Names are ASCII.
 */
public final class RecordTables implements AutoCloseable {

    private static final String IN_MEMORY = ":memory:";
    /** Also what a file must have, and nothing else: a file that was changed may bring triggers and views of its own. */
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE labels (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE TABLE records (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID");
    private static final String MAIN = "main";
    /** The primary part of a result code of SQLite. */
    private static final int PRIMARY = 0xFF;

    /** Does something with the database. */
    private interface Work<T> {

        T on(SQLiteConnection connection) throws SQLException;
    }

    /** Reads a value out of a row. */
    private interface Column<V> {

        V of(ResultSet row, int number) throws SQLException;
    }

    private final String what;
    private final SQLiteConnection connection;
    private final List<Statement> statements = new ArrayList<>();
    private final PreparedStatement record;
    private final PreparedStatement names;
    private final PreparedStatement putRecord;
    private final PreparedStatement removeRecord;
    private final PreparedStatement label;
    private final PreparedStatement putLabel;
    private final PreparedStatement removeLabel;

    private RecordTables(String what, SQLiteConnection connection) throws SQLException {
        this.what = what;
        this.connection = connection;
        record = prepare("SELECT value FROM records WHERE name = ?");
        names = prepare("SELECT name FROM records WHERE name >= ?1 AND name < ?1 || char(127) ORDER BY name");
        putRecord = prepare("INSERT OR REPLACE INTO records VALUES (?, ?)");
        removeRecord = prepare("DELETE FROM records WHERE name = ?");
        label = prepare("SELECT value FROM labels WHERE name = ?");
        putLabel = prepare("INSERT OR REPLACE INTO labels VALUES (?, ?)");
        removeLabel = prepare("DELETE FROM labels WHERE name = ?");
    }

    private PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statements.add(statement);
        return statement;
    }

    /**
     * Opens a file, or makes it; nobody else opens it meanwhile. What is put is on the disk with the next {@link #commit()}.
     *
     * @param file where it is
     * @throws KeyStoreException if it is in use, broken, or cannot be written
     */
    static RecordTables open(Path file) {
        // Each change takes the right to write first: a file that can only be read is refused here.
        return open("the file " + file, file.toString(), SQLiteConfig.TransactionMode.IMMEDIATE, connection -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA locking_mode = EXCLUSIVE");
                statement.execute("PRAGMA journal_mode = WAL");
                // The log is forced to the disk with each commit, not only before its content goes into the file.
                statement.execute("PRAGMA synchronous = FULL");
                statement.execute("PRAGMA secure_delete = ON");
            }
            connection.setAutoCommit(false);
            return null;
        });
    }

    /**
     * Makes tables in memory.
     *
     * @return tables without a row
     */
    public static RecordTables inMemory() {
        return open("the copy", IN_MEMORY, SQLiteConfig.TransactionMode.DEFERRED, connection -> null);
    }

    /**
     * Reads tables that were written before.
     *
     * @param image what {@link #image()} gave
     * @throws KeyStoreException if it is something else
     */
    public static RecordTables of(byte[] image) {
        return open("it", IN_MEMORY, SQLiteConfig.TransactionMode.DEFERRED, connection -> {
            connection.deserialize(MAIN, image);
            return null;
        });
    }

    private static RecordTables open(String what, String where, SQLiteConfig.TransactionMode mode, Work<Void> begin) {
        SQLiteConfig config = new SQLiteConfig();
        config.setTransactionMode(mode);
        config.setBusyTimeout(0);
        Properties properties = config.toProperties();
        SQLiteConnection connection = null;
        try {
            connection = JDBC.createConnection(JDBC.PREFIX + where, properties);
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA trusted_schema = OFF");
                statement.execute("PRAGMA cell_size_check = ON");
            }
            begin.on(connection);
            requireSchema(connection);
            return new RecordTables(what, connection);
        } catch (SQLException e) {
            closeQuietly(connection);
            throw new KeyStoreException(what + " does not open: " + reason(e) + ".", e);
        } catch (KeyStoreException e) {
            closeQuietly(connection);
            throw new KeyStoreException(what + " does not open: " + e.reason(), e);
        }
    }

    private static void requireSchema(SQLiteConnection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            List<String> check = strings(statement.executeQuery("PRAGMA quick_check(1)"));
            if (!check.equals(List.of("ok"))) {
                throw new KeyStoreException("it is broken: " + String.join(", ", check) + ".", null);
            }
            List<String> schema = strings(statement.executeQuery("SELECT sql FROM sqlite_schema ORDER BY name"));
            if (schema.isEmpty()) {
                for (String table : SCHEMA) {
                    statement.execute(table);
                }
                if (!connection.getAutoCommit()) {
                    connection.commit();
                }
            } else if (!schema.equals(SCHEMA)) {
                throw new KeyStoreException("it is a database with other tables.", null);
            }
        }
    }

    private static List<String> strings(ResultSet rows) throws SQLException {
        List<String> strings = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                strings.add(rows.getString(1));
            }
        }
        return strings;
    }

    private static String reason(SQLException e) {
        Throwable innermost = e;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        int code = e instanceof SQLiteException fault ? fault.getResultCode().code & PRIMARY : 0;
        String kind = code == SQLiteErrorCode.SQLITE_BUSY.code ? "it is in use by another process, "
                : code == SQLiteErrorCode.SQLITE_NOTADB.code || code == SQLiteErrorCode.SQLITE_CORRUPT.code ? "it is broken, "
                : code == SQLiteErrorCode.SQLITE_READONLY.code ? "it cannot be written, " : "";
        return kind + String.valueOf(innermost.getMessage()).lines().findFirst().orElse("");
    }

    private static void closeQuietly(SQLiteConnection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // What went wrong before is what counts.
        }
    }

    private synchronized <T> T run(Work<T> work) {
        try {
            return work.on(connection);
        } catch (SQLException e) {
            throw new KeyStoreException(what + " cannot be used: " + reason(e) + ".", e);
        }
    }

    /** @return the value of a name; null if there is none */
    private <V> V one(PreparedStatement statement, String name, Column<V> value) {
        return run(db -> {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? value.of(rows, 1) : null;
            }
        });
    }

    private <V> SortedMap<String, V> all(String table, Column<V> value) {
        return run(db -> {
            SortedMap<String, V> all = new TreeMap<>();
            try (Statement statement = db.createStatement(); ResultSet rows = statement.executeQuery("SELECT name, value FROM " + table)) {
                while (rows.next()) {
                    all.put(rows.getString(1), value.of(rows, 2));
                }
            }
            return all;
        });
    }

    private static void execute(PreparedStatement statement, String name) throws SQLException {
        statement.setString(1, name);
        statement.executeUpdate();
    }

    /**
     * Reads a record.
     *
     * @param name its name
     * @return the record as it is sealed; null if there is none of this name
     */
    byte[] record(String name) {
        return one(record, name, ResultSet::getBytes);
    }

    /** @return names of the records that begin with the prefix, in order */
    List<String> names(String prefix) {
        return run(db -> {
            names.setString(1, prefix);
            return strings(names.executeQuery());
        });
    }

    /** @return all records as they are sealed, by name, in order */
    public SortedMap<String, byte[]> records() {
        return all("records", ResultSet::getBytes);
    }

    /**
     * Puts a record.
     *
     * @param name   its name
     * @param sealed the record as it is sealed
     */
    public void put(String name, byte[] sealed) {
        run(db -> {
            putRecord.setBytes(2, sealed);
            execute(putRecord, name);
            return null;
        });
    }

    void remove(String name) {
        run(db -> {
            execute(removeRecord, name);
            return null;
        });
    }

    String label(String name) {
        return one(label, name, ResultSet::getString);
    }

    /** @return all labels by name, in order */
    public SortedMap<String, String> labels() {
        return all("labels", ResultSet::getString);
    }

    /**
     * Puts a label.
     *
     * @param name  its name
     * @param value the label
     */
    public void putLabel(String name, String value) {
        run(db -> {
            putLabel.setString(2, value);
            execute(putLabel, name);
            return null;
        });
    }

    void removeLabel(String name) {
        run(db -> {
            execute(removeLabel, name);
            return null;
        });
    }

    /** Returns when all that was put is on the disk. */
    void commit() {
        run(db -> {
            db.commit();
            return null;
        });
    }

    /** @return the tables as a file of SQLite would hold them */
    public byte[] image() {
        return run(db -> db.serialize(MAIN));
    }

    /** Gives up what was not committed. */
    @Override
    public void close() {
        run(db -> {
            for (Statement statement : statements) {
                statement.close();
            }
            db.close();
            return null;
        });
    }
}
