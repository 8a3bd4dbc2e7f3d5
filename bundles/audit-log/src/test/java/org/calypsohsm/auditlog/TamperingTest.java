package org.calypsohsm.auditlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditReport.Finding;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log of 12 entries: 1 is the start, 5, 10 and 12 are signatures. Each kind of change names the first bad entry. */
class TamperingTest {

    private static final int ENTRIES = 12;

    @TempDir
    private Path work;
    private TestLog test;
    private List<String> lines;

    @BeforeEach
    void prepare() {
        test = new TestLog(work);
        test.settings.signEvery = 4;
        test.fill(8);
        lines = new ArrayList<>(test.lines());
        assertThat(lines).hasSize(ENTRIES);
        assertThat(test.verify().isIntact()).isTrue();
    }

    private void assertFound(Finding finding, long entry) {
        AuditReport report = test.verify();
        assertThat(report.finding()).as(report.sentence()).isEqualTo(finding);
        assertThat(report.badEntry()).as(report.sentence()).isEqualTo(entry);
        assertThat(report.entries()).isEqualTo(entry - 1);
        assertThat(report.signed()).isLessThan(entry);
        assertThat(report.sentence()).contains(finding == Finding.CUT || !report.sentence().startsWith("Entry") ? "" : "Entry " + entry);
    }

    private void assertFoundAfter(List<String> changed, Finding finding, long entry) {
        test.replaceLines(changed);
        assertFound(finding, entry);
    }

    /** Puts another subject into a line, and hashes it and all that follow anew, as far as told. */
    private List<String> forged(int number, int rehashedUpTo) {
        List<String> forged = new ArrayList<>(lines);
        String previous = null;
        for (int i = number; i <= rehashedUpTo; i++) {
            String line = forged.get(i - 1);
            String object = line.substring(0, line.lastIndexOf(",\"hash\"")) + "}";
            object = i == number ? object.replace("subject ", "Subject ")
                    : object.replaceFirst("\"previous\":\"[0-9a-f]{64}\"", "\"previous\":\"" + previous + "\"");
            previous = Entry.sha256(object.getBytes(StandardCharsets.UTF_8));
            forged.set(i - 1, object.substring(0, object.length() - 1) + ",\"hash\":\"" + previous + "\"}");
        }
        return forged;
    }

    @Test
    void aChangedEntry() {
        lines.set(2, lines.get(2).replace("subject 2", "subject 7"));
        assertFoundAfter(lines, Finding.CHANGED, 3);
    }

    @Test
    void theSameValueWrittenOtherwise() {
        lines.set(2, lines.get(2).replace("{\"sequence\":", "{ \"sequence\":"));
        assertFoundAfter(lines, Finding.CHANGED, 3);
    }

    @Test
    void aChangedEntryWithARightHash() {
        assertFoundAfter(forged(3, 3), Finding.CHANGED, 3);
        assertThat(test.verify().sentence()).isEqualTo("Entry 3 was changed: entry 4 knows another hash of it.");
    }

    @Test
    void aForgedChainUpToTheNextSignature() {
        assertFoundAfter(forged(3, 5), Finding.BAD_SIGNATURE, 5);
    }

    @Test
    void aForgedChainUpToTheEnd() {
        assertFoundAfter(forged(3, ENTRIES), Finding.BAD_SIGNATURE, 5);
    }

    @Test
    void aForgedChainWithoutSignatures() {
        // Entries 11 and 12 were an event and its signature; the forger has two events instead.
        List<String> forged = new ArrayList<>(lines.subList(0, 10));
        String previous = Entry.parse(bytes(lines.get(9))).hash();
        Entry.Line eleven = Entry.ofEvent(11, previous, TestLog.event("forged"));
        Entry.Line twelve = Entry.ofEvent(12, eleven.hash(), TestLog.event("forged"));
        forged.add(new String(eleven.bytes(), StandardCharsets.UTF_8).strip());
        forged.add(new String(twelve.bytes(), StandardCharsets.UTF_8).strip());
        test.replaceLines(forged);
        assertThat(test.verify().finding()).isEqualTo(Finding.CHANGED);
        assertThat(test.verify().badEntry()).isEqualTo(12);
    }

    private static byte[] bytes(String line) {
        return line.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aDeletedEntry() {
        for (int number = 1; number < ENTRIES; number++) {
            List<String> changed = new ArrayList<>(lines);
            changed.remove(number - 1);
            assertFoundAfter(changed, Finding.MISSING, number);
        }
    }

    @Test
    void aRepeatedEntry() {
        lines.add(7, lines.get(2));
        assertFoundAfter(lines, Finding.REORDERED, 8);
    }

    @Test
    void anInsertedLine() {
        lines.add(7, "{}");
        assertFoundAfter(lines, Finding.CHANGED, 8);
    }

    @Test
    void exchangedEntries() {
        for (int number = 1; number < ENTRIES; number++) {
            List<String> changed = new ArrayList<>(lines);
            Collections.swap(changed, number - 1, number);
            assertFoundAfter(changed, Finding.REORDERED, number);
        }
    }

    @Test
    void aTailThatWasCutOffAfterItWasSigned() {
        for (int left = 1; left < ENTRIES; left++) {
            assertFoundAfter(lines.subList(0, left), Finding.CUT, left + 1);
        }
    }

    @Test
    void allFilesTakenAway() throws IOException {
        Files.delete(test.onlyFile());
        assertFound(Finding.CUT, 1);
    }

    @Test
    void aMissingHead() throws IOException {
        Files.delete(test.directory.resolve(LogFiles.HEAD));
        test.replaceLines(lines.subList(0, 7));
        assertFound(Finding.CUT, 8);
    }

    @Test
    void anotherKey() throws Exception {
        AuditReport report = new AuditVerifier(test.directory, KeyPairGenerator.getInstance("EC").generateKeyPair().getPublic()).verify();
        assertThat(report.finding()).isEqualTo(Finding.BAD_SIGNATURE);
        assertThat(report.badEntry()).isEqualTo(5);
    }

    @Test
    void anotherKeyThatBearsTheNameOfTheRightOne(@TempDir Path elsewhere) throws Exception {
        TestLog other = new TestLog(elsewhere);
        other.settings.signEvery = 4;
        other.fill(8);
        // All of the log but its certificate: as if somebody had begun it anew.
        Files.copy(test.directory.resolve(LogFiles.CERTIFICATE), other.directory.resolve(LogFiles.CERTIFICATE),
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(other.verify().finding()).isEqualTo(Finding.BAD_SIGNATURE);
        assertThat(other.verify().badEntry()).isEqualTo(5);
    }

    @Test
    void anOlderHeadIsWhatACrashLeaves() {
        TestLog.write(test.directory.resolve(LogFiles.HEAD), bytes(lines.get(9) + "\n"));
        assertThat(test.verify().isIntact()).isTrue();
    }

    @Test
    void aMissingFileOfSeveral(@TempDir Path elsewhere) throws IOException {
        TestLog rotated = new TestLog(elsewhere);
        rotated.settings.maxFileBytes = 1;
        rotated.fill(5);
        Files.delete(rotated.files().get(2));
        assertThat(rotated.verify().finding()).isEqualTo(Finding.MISSING);
        assertThat(rotated.verify().badEntry()).isEqualTo(3);
    }
}
