package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.calypsohsm.keystore.RecordFile.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFileTest {

    private static final byte[] VALUE = {1, 0, -1};

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("keys.db");
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void keepsWhatWasCommittedAndNothingElse() {
        try (RecordFile file = RecordFile.open(file())) {
            file.put(Table.RECORDS, "a", VALUE);
            file.put(Table.LABELS, "a", new byte[0]);
            file.commit();
            file.put(Table.RECORDS, "b", VALUE);
            file.remove(Table.RECORDS, "a");
            assertThat(file.get(Table.RECORDS, "a")).isNull();
        }
        try (RecordFile file = RecordFile.open(file())) {
            assertThat(file.get(Table.RECORDS, "a")).isEqualTo(VALUE);
            assertThat(file.get(Table.LABELS, "a")).isEmpty();
            assertThat(file.get(Table.RECORDS, "b")).isNull();
            assertThat(file.get(Table.SEAL, "a")).isNull();
        }
    }

    /** As after a kill: the file and its log, whenever they are copied, hold all that was committed before. */
    @Test
    void isWholeWithoutBeingClosed() throws IOException {
        try (RecordFile file = RecordFile.open(file())) {
            for (int i = 0; i < 50; i++) {
                file.put(Table.RECORDS, "a", new byte[] {(byte) i});
                file.commit();
            }
            Path copy = Files.createDirectory(folder.resolve("copy"));
            assertThat(files()).contains("keys.db", "keys.db-wal").doesNotContain("keys.db-shm");
            for (String each : List.of("keys.db", "keys.db-wal")) {
                Files.copy(folder.resolve(each), copy.resolve(each), StandardCopyOption.REPLACE_EXISTING);
            }
            try (RecordFile copied = RecordFile.open(copy.resolve("keys.db"))) {
                assertThat(copied.get(Table.RECORDS, "a")).containsExactly(49);
            }
        }
    }

    @Test
    void namesThatBeginAlikeComeInOrder() {
        try (RecordFile file = RecordFile.open(file())) {
            for (String name : List.of("b", "a/2", "a", "a/10", "a/1", "a0", "A/1", "a%", "~")) {
                file.put(Table.RECORDS, name, VALUE);
            }
            assertThat(file.names(Table.RECORDS, "a/")).containsExactly("a/1", "a/10", "a/2");
            assertThat(file.names(Table.RECORDS, "~")).containsExactly("~");
            assertThat(file.names(Table.RECORDS, "a/2/")).isEmpty();
            assertThat(file.names(Table.RECORDS, "")).hasSize(9);
        }
    }

    @Test
    void staysSmallHoweverOftenItIsWritten() throws IOException {
        try (RecordFile file = RecordFile.open(file())) {
            for (int i = 0; i < 3_000; i++) {
                file.put(Table.RECORDS, "counters", new byte[200]);
                file.commit();
            }
            assertThat(Files.size(file())).isLessThan(1 << 20);
            assertThat(Files.size(folder.resolve("keys.db-wal"))).isLessThan(8 << 20);
        }
    }

    @Test
    void leavesNothingBesideAFileThatWasWrittenOnce() throws IOException {
        try (RecordFile file = RecordFile.write(file())) {
            file.put(Table.RECORDS, "a", VALUE);
            file.commit();
        }
        try (RecordFile file = RecordFile.read(file())) {
            assertThat(file.get(Table.RECORDS, "a")).isEqualTo(VALUE);
            assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> file.put(Table.RECORDS, "a", VALUE));
        }
        assertThat(files()).containsExactly("keys.db");
    }

    @Test
    void isOpenOnlyOnce() {
        try (RecordFile file = RecordFile.open(file())) {
            assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.open(file()))
                    .withMessageContaining("keys.db").withMessageContaining("uses it");
            file.put(Table.RECORDS, "a", VALUE);
            file.commit();
        }
    }

    @Test
    void aFileThatIsBrokenOrSomethingElseDoesNotOpen() throws IOException {
        try (RecordFile file = RecordFile.open(file())) {
            for (int i = 0; i < 100; i++) {
                file.put(Table.RECORDS, "record " + i, new byte[500]);
            }
            file.commit();
        }
        byte[] bytes = Files.readAllBytes(file());
        for (int i = 3 * 4096; i < bytes.length; i += 4096) {
            Arrays.fill(bytes, i, i + 64, (byte) 0x55);
        }
        Files.write(file(), bytes);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.open(file())).withMessageContaining("keys.db");
        Files.writeString(file(), "something else, but something long enough to be looked at");
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.open(file())).withMessageContaining("keys.db");
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.read(file())).withMessageContaining("keys.db");
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.open(folder.resolve("none/keys.db")));
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> RecordFile.read(folder.resolve("none.db")));
        assertThat(folder.resolve("none.db")).doesNotExist();
    }
}
