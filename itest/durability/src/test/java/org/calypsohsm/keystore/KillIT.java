package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * After kill -9 at any moment: each counter is at least the acknowledged uses and at most those and the ones in flight; no
 * acknowledged key is lost, and none is half-written.
 */
class KillIT {

    private static final int LONGEST_LIFE_MILLIS = 250;

    @TempDir
    Path folder;

    /** What one life of the process told. */
    private static final class Told {

        final int[] begun = new int[Load.COUNTERS + 1];
        final int[] highest = new int[Load.COUNTERS + 1];
        final int[] acknowledged = new int[Load.COUNTERS + 1];
        final int[] keyBegun = new int[Load.WRITERS];
        final int[] keyAcknowledged = new int[Load.WRITERS];
        boolean ready;
    }

    @Test
    void nothingAcknowledgedIsLostWhereverTheProcessIsKilled() throws Exception {
        int kills = Integer.getInteger("hsm.kills", 200);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int[] before = new int[Load.COUNTERS + 1];
        int[] keyBefore = new int[Load.WRITERS];
        int livesUnderLoad = 0;
        long acknowledgedUses = 0;
        for (int kill = 1; kill <= kills; kill++) {
            Told told = live(random.nextInt(LONGEST_LIFE_MILLIS));
            livesUnderLoad += told.ready ? 1 : 0;
            DurableKeyStore store = Load.open(folder);
            KeyGroup group = store.keyGroup(0);
            for (int counter = 1; group != null && counter <= Load.COUNTERS; counter++) {
                int value = group.eventCounter(counter);
                assertThat(value).as("counter %d after kill %d, seed %d", counter, kill, seed)
                        .isGreaterThanOrEqualTo(before[counter] + told.acknowledged[counter])
                        .isGreaterThanOrEqualTo(told.highest[counter])
                        .isLessThanOrEqualTo(before[counter] + told.begun[counter]);
                before[counter] = value;
                acknowledgedUses += told.acknowledged[counter];
            }
            for (int writer = 0; group != null && writer < Load.WRITERS; writer++) {
                keyBefore[writer] = check(group, writer, told, keyBefore[writer]);
            }
            store.close();
        }
        System.out.printf("%d kills, %d of them under load, %,d acknowledged uses, %d in store%n", kills, livesUnderLoad,
                acknowledgedUses, Arrays.stream(before).sum());
        assertThat(livesUnderLoad).isGreaterThanOrEqualTo(kills * 9 / 10);
        assertThat(acknowledgedUses).isPositive();
    }

    private static int check(KeyGroup group, int writer, Told told, int before) {
        SamKey key = group.workKeyAt(Load.FIRST_WRITTEN_RECORD + writer);
        int acknowledged = told.keyAcknowledged[writer] == 0 ? before : told.keyAcknowledged[writer];
        if (key == null) {
            assertThat(acknowledged).as("key of writer %d", writer).isZero();
            return 0;
        }
        assertThat(key.kvc()).isIn(acknowledged, told.keyBegun[writer] == 0 ? before : told.keyBegun[writer]);
        assertThat(key.value()).as("value of the key with KVC %d", key.kvc()).isEqualTo(Load.value(key.kvc()));
        return key.kvc();
    }

    private static void clear(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    /** Starts the process, lets it work for a while, and kills it. */
    private Told live(int millisUnderLoad) throws IOException, InterruptedException {
        Path unpacked = folder.resolve("unpacked");
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                // A process that is killed leaves the native library that it unpacked.
                "-Dorg.sqlite.tmpdir=" + Files.createDirectories(unpacked), "-cp", System.getProperty("java.class.path"), Load.class.getName(),
                folder.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ScheduledExecutorService killer = Executors.newSingleThreadScheduledExecutor();
        Told told = new Told();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(process.getInputStream()))) {
            while (true) {
                int what = in.readByte();
                int number = in.readByte();
                int value = in.readInt();
                switch (what) {
                    case Load.READY -> {
                        told.ready = true;
                        // By the handle: the process itself would close the stream, and what it told would be lost.
                        killer.schedule(process.toHandle()::destroyForcibly, millisUnderLoad, TimeUnit.MILLISECONDS);
                    }
                    case Load.COUNT_BEGUN -> told.begun[number]++;
                    case Load.COUNT_ACKNOWLEDGED -> {
                        told.acknowledged[number]++;
                        told.highest[number] = Math.max(told.highest[number], value);
                    }
                    case Load.KEY_BEGUN -> told.keyBegun[number - Load.FIRST_WRITTEN_RECORD] = value;
                    default -> told.keyAcknowledged[number - Load.FIRST_WRITTEN_RECORD] = value;
                }
            }
        } catch (EOFException e) {
            // It is dead, and all that it told has been read.
        } finally {
            killer.shutdownNow();
            process.destroyForcibly();
            process.waitFor();
            clear(unpacked);
        }
        return told;
    }
}
