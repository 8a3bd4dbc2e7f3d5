package org.calypsohsm.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run of the fuzzer from another seed each time, so that many builds together are a long one. */
class FuzzIT {

    private static final int MEMORY_APDUS = 300_000;
    private static final int DURABLE_APDUS = 50_000;
    private static final int CHANNELS = 64;

    @TempDir
    Path folder;

    @Test
    void everyApduIsAnsweredAsItMayBeWithKeysInMemory() throws InterruptedException {
        fuzz(MEMORY_APDUS, null);
    }

    @Test
    void everyApduIsAnsweredAsItMayBeWithKeysOnTheDisk() throws InterruptedException {
        fuzz(DURABLE_APDUS, folder);
    }

    private static void fuzz(int apdus, Path folder) throws InterruptedException {
        long seed = System.nanoTime();
        Fuzzer.Result result = new Fuzzer(seed, apdus, 2, CHANNELS, folder).run();
        System.out.printf("Seed %d, keys %s: %,d APDUs in %.1f s%n", seed, folder == null ? "in memory" : "on the disk",
                result.totals().apdus(), result.seconds());
        assertThat(result.finds()).isEmpty();
        assertThat(result.totals().apdus()).isGreaterThanOrEqualTo(apdus);
        assertThat(result.totals().missing()).as("what was never reached, with seed %d", seed).isEmpty();
    }
}
