package org.calypsohsm.auditlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditReport.Finding;

/** Any byte of the log or its head. */
class AnyByteTest {

    private static TestLog shared;
    private static Path folder;
    private Path changed;
    private byte[] before;

    @BeforeTry
    void share() throws IOException {
        if (shared == null) {
            folder = Files.createTempDirectory("audit");
            shared = new TestLog(folder);
            shared.settings.signEvery = 4;
            shared.settings.maxFileBytes = 700;
            shared.fill(8);
            assertThat(shared.verify().isIntact()).isTrue();
        }
    }

    @AfterTry
    void restore() {
        if (changed != null) {
            TestLog.write(changed, before);
        }
    }

    @AfterContainer
    static void clean() throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void flip(Path file, int at, int bit) {
        changed = file;
        before = TestLog.read(file);
        byte[] after = before.clone();
        after[at] ^= (byte) (1 << bit);
        TestLog.write(file, after);
    }

    @Property(tries = 1000)
    void aFlippedBitIsFoundInItsEntry(@ForAll @IntRange(max = 1_000_000) int place, @ForAll @IntRange(max = 7) int bit) {
        List<Path> files = shared.files();
        long total = files.stream().mapToLong(file -> file.toFile().length()).sum();
        int at = (int) (place % total);
        long entry = 1;
        for (Path file : files) {
            byte[] bytes = TestLog.read(file);
            if (at < bytes.length) {
                for (int i = 0; i < at; i++) {
                    entry += bytes[i] == '\n' ? 1 : 0;
                }
                flip(file, at, bit);
                break;
            }
            at -= bytes.length;
            entry += new String(bytes, StandardCharsets.UTF_8).lines().count();
        }
        AuditReport report = shared.verify();
        assertThat(report.finding()).as(report.sentence()).isIn(Finding.CHANGED, Finding.CUT);
        assertThat(report.badEntry()).as(report.sentence()).isEqualTo(entry);
    }

    @Property(tries = 300)
    void aFlippedBitOfTheHeadIsFound(@ForAll @IntRange(max = 1_000_000) int place, @ForAll @IntRange(max = 7) int bit) {
        Path head = shared.directory.resolve(LogFiles.HEAD);
        flip(head, (int) (place % head.toFile().length()), bit);
        AuditReport report = shared.verify();
        assertThat(report.finding()).isEqualTo(Finding.CHANGED);
        assertThat(report.badEntry()).isEqualTo(13);
    }
}
