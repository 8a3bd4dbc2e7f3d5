package org.calypsohsm.canary;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.profile.ReferenceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After a lock no byte of a key is in the heap: not of the keys in the store, not of what was made of them. */
class CanaryIT {

    private static final int LONGEST_RUN_SECONDS = 120;

    @TempDir
    Path folder;

    @Test
    void aLockedStoreLeavesNoKeyInTheHeap() throws Exception {
        Canaries canaries = Canaries.random();
        Path before = folder.resolve("before.hprof");
        Path after = folder.resolve("after.hprof");
        run(canaries, before, after);
        HeapDump search = new HeapDump();
        canaries.all().forEach(search::add);
        Map<String, byte[]> made = made(canaries);
        made.forEach(search::add);

        // What cannot be found before the lock could not be found behind it either.
        Set<String> there = search.find(before).keySet();
        assertThat(canaries.all().keySet()).allMatch(name -> HeapDump.has(there, name));
        for (int alg : Canaries.ALGS) {
            assertThat(HeapDump.has(there, diversified(alg))).as("the open session with ALG %02X in the heap", alg).isTrue();
        }
        assertThat(there).as("the key schedule of an AES key in the heap").anyMatch(part -> part.endsWith("in reverse"));

        assertThat(search.find(after)).as("what is left of keys in the heap").isEmpty();
    }

    /** The keys that the sessions and transfers made. */
    private static Map<String, byte[]> made(Canaries canaries) {
        Map<String, byte[]> made = new HashMap<>();
        for (int alg : Canaries.ALGS) {
            made.put(diversified(alg), diversify(alg, canaries.work(Canaries.KIF, alg), Vault.CARD));
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            made.put("diversified " + type, diversify(Canaries.SYSTEM_ALG, canaries.system(type), Vault.SAM));
        }
        return made;
    }

    private static String diversified(int alg) {
        return String.format("diversified key of ALG %02X", alg);
    }

    private static byte[] diversify(int alg, byte[] key, byte[] diversifier) {
        ReferenceProfile profile = Arrays.stream(ReferenceProfile.values()).filter(one -> one.alg() == alg).findFirst().orElseThrow();
        return profile.diversify(KeyValue.copyOf(key), diversifier).revealKey().revealKeyBytes();
    }

    private void run(Canaries canaries, Path before, Path after) throws IOException, InterruptedException {
        Path told = folder.resolve("told.txt");
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-Xmx256m", "-cp",
                System.getProperty("java.class.path"), Vault.class.getName(), folder.resolve("keys").toString(), before.toString(),
                after.toString()).redirectErrorStream(true).redirectOutput(told.toFile()).start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(canaries.lines().getBytes(StandardCharsets.US_ASCII));
        }
        try {
            assertThat(process.waitFor(LONGEST_RUN_SECONDS, TimeUnit.SECONDS)).as("the process ends").isTrue();
            assertThat(process.exitValue()).as(Files.readString(told)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
