package org.calypsohsm.provider.sams20;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperationMeterTest {

    private static final long ENOUGH = 16_000_000;

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("count");
    }

    private static void count(OperationMeter meter, int times) {
        for (int i = 0; i < times; i++) {
            meter.count(ENOUGH);
        }
    }

    @Test
    void countsInMemory() {
        try (OperationMeter meter = new OperationMeter(null)) {
            assertThat(meter.used()).isZero();
            assertThat(meter.count(ENOUGH)).isEqualTo(1);
            assertThat(meter.count(ENOUGH)).isEqualTo(2);
            assertThat(meter.used()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 1024, 1025, 1026, 5000})
    void aStopKeepsTheExactCount(int operations) {
        try (OperationMeter meter = new OperationMeter(file())) {
            count(meter, operations);
        }
        try (OperationMeter again = new OperationMeter(file())) {
            assertThat(again.used()).isEqualTo(operations);
            assertThat(again.count(ENOUGH)).isEqualTo(operations + 1L);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 1024, 1025, 1026, 2049, 5000})
    void aCrashGivesNoOperationBackAndCostsAtMostOneBlock(int operations) throws IOException {
        OperationMeter crashed = new OperationMeter(file());
        for (int i = 0; i < operations; i++) {
            long counted = crashed.count(ENOUGH);
            if (i % 100 == 0 || i == operations - 1 || counted % OperationMeter.BLOCK < 3) {
                assertCopyIsAhead(counted);
            }
        }
    }

    /** What a new process would find if this one were killed now. */
    private void assertCopyIsAhead(long counted) throws IOException {
        Path copy = Files.copy(file(), folder.resolve("copy"), StandardCopyOption.REPLACE_EXISTING);
        try (OperationMeter found = new OperationMeter(copy)) {
            assertThat(found.used()).isBetween(counted, counted + OperationMeter.BLOCK);
        }
    }

    @Test
    void crashAfterCrashNeverCountsBackwards() {
        long least = 0;
        for (int crash = 0; crash < 50; crash++) {
            // Not closed: that is the crash.
            OperationMeter meter = new OperationMeter(file());
            assertThat(meter.used()).isGreaterThanOrEqualTo(least);
            count(meter, crash * 7 % 40);
            least = meter.used();
        }
    }

    @Test
    void countsEachOperationOfManyThreadsOnce() throws Exception {
        OperationMeter meter = new OperationMeter(file());
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(CompletableFuture.runAsync(() -> {
                for (int operation = 0; operation < 5000; operation++) {
                    meter.count(ENOUGH);
                }
            }));
        }
        for (CompletableFuture<Void> thread : threads) {
            thread.get();
        }
        assertThat(meter.used()).isEqualTo(40_000);
        assertCopyIsAhead(40_000);
    }

    @Test
    void aStopAmongCountingThreadsGivesNoOperationBack() throws Exception {
        for (int round = 0; round < 60; round++) {
            Path file = folder.resolve("round" + round);
            OperationMeter meter = new OperationMeter(file);
            meter.count(ENOUGH);
            List<CompletableFuture<Long>> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(CompletableFuture.supplyAsync(() -> {
                    long last = 0;
                    try {
                        while (true) {
                            last = meter.count(ENOUGH);
                        }
                    } catch (UncheckedIOException e) {
                        return last;
                    }
                }));
            }
            meter.close();
            try (OperationMeter again = new OperationMeter(file)) {
                for (CompletableFuture<Long> thread : threads) {
                    assertThat(again.used()).isGreaterThanOrEqualTo(thread.get());
                }
            }
        }
    }

    @Test
    void countsNoMoreThanThereAre() {
        try (OperationMeter meter = new OperationMeter(null)) {
            assertThat(meter.count(2)).isEqualTo(1);
            assertThat(meter.count(2)).isEqualTo(2);
            assertThat(meter.count(2)).isZero();
            assertThat(meter.used()).isEqualTo(2);
        }
    }

    /** Both threads meet at the last operation, many times. */
    @Test
    void givesTheLastOperationToOneOfTwoThreads() throws Exception {
        int rounds = 10_000;
        OperationMeter[] meters = new OperationMeter[rounds];
        Arrays.setAll(meters, round -> new OperationMeter(null));
        AtomicInteger given = new AtomicInteger();
        AtomicInteger arrived = new AtomicInteger();
        Runnable taker = () -> {
            for (int round = 0; round < rounds; round++) {
                arrived.incrementAndGet();
                for (int spins = 0; arrived.get() < 2 * (round + 1); spins++) {
                    // Close together as long as both run, and out of the way of other processes otherwise.
                    if (spins < 1000) {
                        Thread.onSpinWait();
                    } else {
                        Thread.yield();
                    }
                }
                if (meters[round].count(1) != 0) {
                    given.incrementAndGet();
                }
            }
        };
        Thread other = new Thread(taker);
        other.start();
        taker.run();
        other.join();
        assertThat(given).hasValue(rounds);
    }

    static List<byte[]> damagedFiles() {
        return List.of(
                new byte[1],
                new byte[8],
                new byte[15],
                new byte[16],
                new byte[17],
                ByteBuffer.allocate(16).putLong(5).putLong(~6L).array(),
                ByteBuffer.allocate(16).putLong(-5).putLong(~-5L).array(),
                ByteBuffer.allocate(24).putLong(5).putLong(~5L).array(),
                "16000000".getBytes(StandardCharsets.US_ASCII),
                "0000000016000000".getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @MethodSource
    void damagedFiles(byte[] content) throws IOException {
        Files.write(file(), content);
        assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> new OperationMeter(file()))
                .withMessageContaining("The operation count of a SAM-S20 cannot be kept in " + file())
                .withMessageMatching(".*(bytes instead of 16|no operation count, or a damaged one).*");
        assertThat(file()).hasBinaryContent(content);
    }

    @Test
    void saysWhichFileCannotBeMade() {
        Path nowhere = folder.resolve("missing").resolve("count");
        assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> new OperationMeter(nowhere))
                .withMessageContaining(nowhere.toString());
    }

    @Test
    void countsNothingAfterTheStop() {
        OperationMeter meter = new OperationMeter(file());
        count(meter, 3);
        meter.close();
        meter.close();
        assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> meter.count(ENOUGH))
                .withMessageContaining("cannot be written");
        try (OperationMeter again = new OperationMeter(file())) {
            assertThat(again.used()).isEqualTo(3);
        }
    }
}
