package org.calypsohsm.itest.card;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

import org.calypsohsm.key.SamKey;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The keys of a card are in the heap of its own process, and nowhere in that of the container that has sessions with them. */
@Timeout(300)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the script for bash")
class KeysIT {

    @TempDir
    Path folder;

    @Test
    void keysDoNotEnterTheContainer() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin");
        try (Card card = new Card(folder.resolve("card"), "53330007")) {
            card.start();
            File log = folder.resolve("container.txt").toFile();
            Process container = new ProcessBuilder(java.resolve("java").toString(), "-Xmx128m", "-cp",
                    System.getProperty("java.class.path"), Container.class.getName(), card.socket().toString(), card.serialNumber())
                    .redirectError(log).start();
            try {
                assertThat(container.inputReader().readLine()).as(Files.readString(log.toPath())).isEqualTo("Ready");
                Set<Long> keys = halves();
                // What cannot be found on the card could not be found here either.
                assertThat(found(keys, dump(java, card.pid()))).as("halves of keys on the card").isEqualTo(keys);
                assertThat(found(keys, dump(java, container.pid()))).as("halves of keys in the container").isEmpty();
            } finally {
                container.destroyForcibly();
            }
        }
    }

    /** Every 8 bytes of the keys of the card. */
    private static Set<Long> halves() {
        Set<Long> halves = new HashSet<>();
        for (SamKey key : TestKeys.workKeys(0)) {
            ByteBuffer bytes = ByteBuffer.wrap(key.value().revealKeyBytes());
            while (bytes.hasRemaining()) {
                halves.add(bytes.getLong());
            }
        }
        return halves;
    }

    private Path dump(Path java, long pid) throws IOException, InterruptedException {
        Path file = folder.resolve(pid + ".hprof");
        Process dumping = new ProcessBuilder(java.resolve("jcmd").toString(), Long.toString(pid), "GC.heap_dump", file.toString())
                .redirectErrorStream(true).start();
        String told = new String(dumping.getInputStream().readAllBytes());
        assertThat(dumping.waitFor()).as(told).isZero();
        return file;
    }

    private static Set<Long> found(Set<Long> halves, Path dump) throws IOException {
        Set<Long> found = new HashSet<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(dump), 1 << 16)) {
            long last = 0;
            for (int next = in.read(); next >= 0; next = in.read()) {
                last = last << Byte.SIZE | next;
                // Also as block ciphers keep them, each 4 bytes in reverse.
                if (halves.contains(last)) {
                    found.add(last);
                }
                long reverse = Long.rotateLeft(Long.reverseBytes(last), Integer.SIZE);
                if (halves.contains(reverse)) {
                    found.add(reverse);
                }
            }
        }
        return found;
    }
}
