package org.calypsohsm.auditlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditReport.Finding;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChainTest {

    @TempDir
    private Path work;
    private TestLog test;

    @BeforeEach
    void prepare() {
        test = new TestLog(work);
    }

    private static JsonObject json(String line) {
        try (JsonReader reader = Json.createReader(new StringReader(line))) {
            return reader.readObject();
        }
    }

    @Test
    void anEntryTellsWhatWasDoneAndIsChainedToTheOneBefore() {
        test.fill(2);

        List<String> lines = test.lines();
        assertThat(lines).hasSize(4);
        JsonObject entry = json(lines.get(2));
        assertThat(entry.keySet()).containsExactly("sequence", "time", "act", "subject", "actor", "outcome", "previous", "hash");
        assertThat(entry.getInt("sequence")).isEqualTo(3);
        assertThat(entry.getString("time")).isEqualTo("2026-01-02T03:04:05.678Z");
        assertThat(entry.getString("act")).isEqualTo("test.act");
        assertThat(entry.getString("subject")).isEqualTo("subject 2");
        assertThat(entry.getString("actor")).isEqualTo("tester");
        assertThat(entry.getString("outcome")).isEqualTo("It \"worked\": \u00e9\u20ac\n.");
        assertThat(entry.getString("previous")).isEqualTo(json(lines.get(1)).getString("hash"));
        assertThat(json(lines.get(0)).getString("previous")).isEqualTo("0".repeat(64));
        String hashed = lines.get(2).substring(0, lines.get(2).lastIndexOf(",\"hash\"")) + "}";
        assertThat(entry.getString("hash")).isEqualTo(Entry.sha256(hashed.getBytes(StandardCharsets.UTF_8)));
        assertThat(json(lines.get(3)).keySet()).containsExactly("sequence", "time", "key", "previous", "signature", "hash");
    }

    @Test
    void signsEverySoManyEntriesAndAtTheEnd() {
        test.settings.signEvery = 3;
        test.fill(4);

        // start, 2 events, signature, 2 events, signature
        assertThat(test.lines().stream().map(line -> json(line).containsKey("signature")).toList())
                .containsExactly(false, false, false, true, false, false, true);
        AuditReport report = test.verify();
        assertThat(report).isEqualTo(new AuditReport(Finding.INTACT, 0, 7, 7,
                "7 entries are as they were written; those up to 7 are signed."));
    }

    @Test
    void signsAfterATimeWithoutFurtherEntries() {
        test.settings.signEverySeconds = 1;
        ChainedAuditLog log = test.open();
        try {
            await().untilAsserted(() -> assertThat(log.verify().signed()).isEqualTo(2));
            assertThat(log.verify().entries()).isEqualTo(2);
        } finally {
            log.close();
        }
        assertThat(test.lines()).hasSize(2);
    }

    @Test
    void goesOnAfterTheLastEntryWhenItIsOpenedAgain() {
        test.fill(1);
        test.fill(1);

        assertThat(test.lines().stream().map(line -> json(line).getInt("sequence")).toList()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(json(test.lines().get(3)).getString("outcome")).isEqualTo("The log goes on after entry 3.");
        assertThat(test.verify().isIntact()).isTrue();
    }

    @Test
    void theChainGoesOnAcrossFiles() {
        test.settings.maxFileBytes = 600;
        test.fill(10);

        assertThat(test.files()).hasSizeGreaterThan(3);
        assertThat(test.files().get(0).getFileName()).hasToString("audit-000000000001.jsonl");
        assertThat(test.verify().entries()).isEqualTo(12);
        assertThat(test.verify().isIntact()).isTrue();
    }

    @Test
    void showsTheNewestEventsOverAllFiles() {
        test.settings.maxFileBytes = 600;
        test.settings.signEvery = 3;
        ChainedAuditLog log = test.open();
        try {
            for (int i = 1; i <= 10; i++) {
                log.record(TestLog.event("subject " + i));
            }
            assertThat(log.tail(0)).isEmpty();
            List<AuditEntry> newest = log.tail(5);
            assertThat(newest.stream().map(entry -> entry.event().subject()).toList())
                    .containsExactly("subject 6", "subject 7", "subject 8", "subject 9", "subject 10");
            assertThat(newest.get(4).event()).isEqualTo(TestLog.event("subject 10"));
            // 11 events and 3 signatures, but the last event is not signed yet: start is 1, signatures are 4, 8 and 12.
            assertThat(newest.get(4).sequence()).isEqualTo(14);
            assertThat(log.tail(100)).hasSize(11);
            assertThatIllegalArgumentException().isThrownBy(() -> log.tail(-1));
        } finally {
            log.close();
        }
    }

    @Test
    void manyThreadsGetNumbersWithoutGapsAndEachEventIsThereWhenItsCallReturns() throws Exception {
        int threads = 16;
        int each = 50;
        test.settings.signEvery = 7;
        test.settings.maxFileBytes = 20_000;
        ChainedAuditLog log = test.open();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            String name = "thread " + t;
            running.add(CompletableFuture.runAsync(() -> {
                for (int i = 0; i < each; i++) {
                    String subject = name + " event " + i;
                    log.record(TestLog.event(subject));
                    if (i % 10 == 0) {
                        assertThat(log.tail(threads * each).stream().map(entry -> entry.event().subject())).contains(subject);
                        assertThat(log.verify().sentence()).contains("as they were written");
                    }
                }
            }, pool));
        }
        CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).get();
        pool.shutdown();
        log.close();

        List<String> lines = test.lines();
        assertThat(lines.stream().map(line -> (long) json(line).getInt("sequence")).toList())
                .isEqualTo(LongStream.rangeClosed(1, lines.size()).boxed().toList());
        assertThat(lines.stream().filter(line -> line.contains("test.act")).distinct()).hasSize(threads * each);
        assertThat(test.verify().isIntact()).isTrue();
    }

    @Test
    void theTokenDoesNotShowItsKeyAndTheCertificateIsPublic() throws Exception {
        test.fill(1);
        assertThat(Arrays.equals(test.publicKey().getEncoded(),
                SigningToken.release(test.directory.resolve(LogFiles.TOKEN), "1234".toCharArray()).publicKey().getEncoded())).isTrue();
        if (test.directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThat(Files.getPosixFilePermissions(test.directory.resolve(LogFiles.TOKEN))).hasSize(2);
        }
    }
}
