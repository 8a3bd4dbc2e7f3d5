package org.calypsohsm.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which changes of others are seen, and when. */
class FeatureFolderTest {

    @TempDir
    Path directory;

    private FeatureFolder folder;

    @BeforeEach
    void open() {
        folder = new FeatureFolder(directory);
    }

    @Test
    void aFileCountsWhenItIsAtRest() throws Exception {
        Path file = Files.writeString(directory.resolve("a.json"), "half");
        assertThat(folder.changed()).isEmpty();
        Files.writeString(file, "half and half");
        assertThat(folder.changed()).as("it still grows").isEmpty();
        assertThat(folder.changed()).extracting(FeatureFolder.Change::file).containsExactly(file);
        folder.acknowledge(file);
        assertThat(folder.changed()).isEmpty();
        Files.delete(file);
        assertThat(folder.changed()).as("it could come back at once").isEmpty();
        assertThat(folder.changed()).extracting(FeatureFolder.Change::stamp).containsOnlyNulls().hasSize(1);
    }

    @Test
    void whatChangesMeanwhileIsFoundAgain() throws Exception {
        Path file = Files.writeString(directory.resolve("a.json"), "one");
        folder.changed();
        FeatureFolder.Change change = folder.changed().get(0);
        Files.writeString(file, "another");
        folder.acknowledge(change);
        folder.changed();
        assertThat(folder.changed()).hasSize(1);
    }

    @Test
    void ownWritesAreNoChanges() throws Exception {
        Path file = directory.resolve("a.json");
        folder.write(file, new byte[] {1});
        folder.changed();
        assertThat(folder.changed()).isEmpty();
        folder.write(file, new byte[] {1, 2});
        folder.changed();
        assertThat(folder.changed()).isEmpty();
        assertThat(file).hasBinaryContent(new byte[] {1, 2});
        folder.delete(file);
        folder.changed();
        assertThat(folder.changed()).isEmpty();
    }

    @Test
    void otherFilesAreNobodysBusiness() throws Exception {
        Files.writeString(directory.resolve("README.md"), "text");
        Files.writeString(directory.resolve(".a.json.part"), "half");
        Files.writeString(directory.resolve("a.json.refused"), "bad");
        folder.changed();
        assertThat(folder.changed()).isEmpty();
    }
}
