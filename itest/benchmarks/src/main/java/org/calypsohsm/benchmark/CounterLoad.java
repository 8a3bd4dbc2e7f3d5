package org.calypsohsm.benchmark;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.keystore.DurableKeyStore;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.testkeys.TestKeys;

/**
 * Load harness: many clients at once, each with a channel of its own, run sale sessions asynchronously with a key whose uses
 * are counted, once with counters in memory and once with counters on the disk.
 */
final class CounterLoad {

    private static final Profile PROFILE = Profile.TDES_CBC;
    private static final int COUNTER = 1;

    private final int clients;
    private final int seconds;
    private final SaleSession session = new SaleSession(PROFILE);
    private final LongAdder sessions = new LongAdder();

    /**
     * What was measured.
     *
     * @param memory  sessions a second with counters in memory
     * @param durable sessions a second with counters on the disk
     */
    record Rates(double memory, double durable) {

        double ratio() {
            return durable / memory;
        }
    }

    CounterLoad(int clients, int seconds) {
        this.clients = clients;
        this.seconds = seconds;
    }

    /** Measures both, one after the other. */
    Rates measure() throws IOException, InterruptedException, StartupException {
        double memory = sessionsPerSecond(new TestKeyStore(Configs.of(TestKeyStore.Config.class, Map.of())));
        // Not in the folder for temporary files, which may be in memory.
        Path folder = Files.createTempDirectory(Path.of("").toAbsolutePath(), ".hsm-bench-");
        try {
            DurableKeyStore store = new DurableKeyStore(Configs.of(DurableKeyStore.Config.class,
                    Map.of("directory", folder.resolve("keys").toString(), "testGroups", new int[] {0})));
            store.initialize(new byte[LockedStore.STORAGE_KEY_LENGTH], new CardSet("0123456789ABCDEF", 1, 0));
            return new Rates(memory, sessionsPerSecond(store));
        } finally {
            delete(folder);
        }
    }

    private double sessionsPerSecond(KeyStore keys) throws InterruptedException {
        count(keys.keyGroup(0));
        Platform platform = new Platform(keys);
        List<SaleClient> running = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            running.add(new SaleClient(platform.open(), channel -> SaleRun.runAsync(session, channel), sessions));
        }
        running.forEach(SaleClient::next);
        TimeUnit.SECONDS.sleep(1);
        long before = sessions.sum();
        long begun = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        double rate = (sessions.sum() - before) * 1e9 / (System.nanoTime() - begun);
        SaleClient.stop(running);
        return rate;
    }

    /** Gives the key of the sessions an event counter. */
    private static void count(KeyGroup group) {
        SamKey key = group.workKey(TestKeys.LOAD, TestKeys.kvc(PROFILE.reference.alg()));
        byte[] readable = new byte[SamKey.READABLE_LENGTH];
        key.copyReadable(readable, 0);
        byte[] parameters = Arrays.copyOfRange(readable, 3, readable.length);
        parameters[3] = COUNTER;
        group.writeKey(new SamKey(key.reference(), key.kif(), key.kvc(), key.alg(), parameters, key.value()));
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
