package org.calypsohsm.auditlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditReport.Finding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Crashes, and disks that do not take what is written. */
class FailureTest {

    @TempDir
    private Path work;
    private TestLog test;
    private ChainedAuditLog log;

    @BeforeEach
    void prepare() {
        test = new TestLog(work);
        test.settings.signEvery = 3;
    }

    @AfterEach
    void close() {
        if (log != null) {
            log.close();
        }
    }

    private ChainedAuditLog filled(int events) {
        log = test.open();
        for (int i = 1; i <= events; i++) {
            log.record(TestLog.event("subject " + i));
        }
        return log;
    }

    private static void assertRefuses(ChainedAuditLog log, String reason) {
        for (int i = 0; i < 3; i++) {
            assertThatIllegalStateException().isThrownBy(() -> log.record(TestLog.event("refused")))
                    .withMessageStartingWith("Audit log: ").withMessageContaining(reason).withMessageEndingWith(".");
        }
        assertThat(log.problem()).startsWith("Audit log: ").contains(reason).endsWith(".");
    }

    @Test
    void aCrashWithinTheLastLineLosesNothingThatWasAcknowledged() throws IOException {
        // 1 start, 2 and 3 events, 4 signature, 5 event; what follows is not acknowledged.
        filled(3);
        assertThat(log.problem()).isNull();
        assertThat(log.newest()).isEqualTo(5);
        byte[] acknowledged = TestLog.read(test.onlyFile());
        byte[] next = Entry.ofEvent(6, Entry.parse(bytesOfLastLine()).hash(), TestLog.event("unfinished")).bytes();
        for (int length = 0; length < next.length; length += length < 3 || length > next.length - 6 ? 1 : 5) {
            TestLog crashed = test.image(work.resolve("crash" + length));
            byte[] all = Arrays.copyOf(acknowledged, acknowledged.length + length);
            System.arraycopy(next, 0, all, acknowledged.length, length);
            TestLog.write(crashed.onlyFile(), all);
            assertThat(crashed.verify().finding()).isEqualTo(length == 0 ? Finding.INTACT : Finding.CUT);

            ChainedAuditLog again = crashed.open();
            again.record(TestLog.event("after"));
            again.close();

            assertThat(Arrays.copyOf(TestLog.read(crashed.onlyFile()), acknowledged.length)).isEqualTo(acknowledged);
            AuditReport report = crashed.verify();
            assertThat(report.isIntact()).as(report.sentence()).isTrue();
            assertThat(crashed.lines().get(5)).contains(length == 0 ? "audit.start"
                    : "\"act\":\"audit.cut\",\"subject\":\"audit log\",\"actor\":\"platform\",\"outcome\":\"An unfinished entry of " + length);
        }
    }

    private byte[] bytesOfLastLine() {
        return test.lines().get(test.lines().size() - 1).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aCrashBeforeTheFirstEntryAndOneAfterTheNextFileWasMade() throws IOException {
        filled(0);
        TestLog atOnce = test.image(work.resolve("at-once"));
        TestLog.write(atOnce.onlyFile(), "{\"seq".getBytes(StandardCharsets.US_ASCII));
        atOnce.open().close();
        assertThat(atOnce.verify().entries()).isEqualTo(3);
        assertThat(atOnce.verify().isIntact()).isTrue();

        TestLog rotated = test.image(work.resolve("rotated"));
        Files.createFile(rotated.directory.resolve("audit-000000000002.jsonl"));
        rotated.open().close();
        assertThat(rotated.verify().entries()).isEqualTo(3);
        assertThat(rotated.verify().isIntact()).isTrue();
        assertThat(rotated.lines().get(1)).contains("The log goes on after entry 1.");
    }

    @Test
    void refusesEverythingAfterAFailedWrite() throws IOException {
        filled(1);
        log.files().channel().close();
        assertRefuses(log, "cannot be written");
        assertThat(log.tail(10)).hasSize(2);
        log.close();
        assertThat(test.lines()).hasSize(2);

        log = test.open();
        log.record(TestLog.event("again"));
        assertThat(log.verify().isIntact()).isTrue();
    }

    @Test
    void refusesEverythingAfterItsFileWasTakenAway() throws IOException {
        filled(1);
        Files.delete(test.onlyFile());
        assertRefuses(log, "cannot be written");
    }

    @Test
    void refusesEverythingAfterItsFileWasCut() {
        filled(1);
        TestLog.write(test.onlyFile(), new byte[0]);
        assertRefuses(log, "changed or moved by somebody else");
    }

    @Test
    void refusesEverythingAfterTheHeadCouldNotBeWritten() throws IOException {
        filled(1);
        Files.createDirectory(test.directory.resolve(LogFiles.HEAD + ".new"));
        // Its signature is due: it is on the disk itself, and what follows is refused.
        log.record(TestLog.event("signed"));
        await().untilAsserted(() -> assertRefuses(log, "cannot be written"));
    }

    @Test
    void isAServiceThatRefusesEverythingIfItDoesNotOpen() throws IOException {
        Files.createFile(test.directory);
        log = test.open();
        assertRefuses(log, "does not open");
        assertThatIllegalStateException().isThrownBy(() -> log.verify());
    }

    @Test
    void refusesEverythingWithAWrongPinOrASettingOutOfRange() {
        test.fill(1);
        TestLog.write(work.resolve("pin"), "4321".getBytes(StandardCharsets.US_ASCII));
        assertRefuses(test.open(), "the PIN is wrong");
        TestLog.write(work.resolve("pin"), "1234".getBytes(StandardCharsets.US_ASCII));
        test.settings.signEvery = 0;
        assertRefuses(test.open(), "signEvery is at least 1, not 0");
        test.settings.signEvery = 1;
        log = test.open();
        assertThat(log.verify().isIntact()).isTrue();
    }

    @Test
    void refusesEverythingWhenItIsClosed() {
        filled(1);
        log.close();
        assertRefuses(log, "it is closed");
    }

    @Test
    void oneFolderHasOneLog() {
        filled(1);
        assertRefuses(test.open(), "in use by another audit log");
        log.record(TestLog.event("goes on"));
    }

    @Test
    void doesNotGoOnAfterAnEndThatWasTamperedWith() throws IOException {
        filled(8);
        log.close();
        TestLog cut = test.image(work.resolve("cut"));
        cut.replaceLines(cut.lines().subList(0, 5));
        assertRefuses(cut.open(), "ends with entry 5, and 12 entries were signed");

        TestLog headless = test.image(work.resolve("headless"));
        Files.delete(headless.directory.resolve(LogFiles.HEAD));
        assertRefuses(headless.open(), "head.json is missing");

        TestLog changedHead = test.image(work.resolve("changed-head"));
        TestLog.write(changedHead.directory.resolve(LogFiles.HEAD), new byte[] {'\n'});
        assertRefuses(changedHead.open(), "head.json is not as it was written");

        TestLog changed = test.image(work.resolve("changed"));
        byte[] bytes = TestLog.read(changed.onlyFile());
        bytes[bytes.length - 100] ^= 1;
        TestLog.write(changed.onlyFile(), bytes);
        assertRefuses(changed.open(), "last entry is not as it was written");
    }
}
