package org.calypsohsm.keystore;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;

/**
 * The process that is killed: counts uses of 26 keys and writes keys, with many threads, and tells on standard output what
 * it begins and what is acknowledged. In the package of the store to reach it without a container.
 */
public final class Load {

    /** What a line tells: then a counter or record number, and a value. */
    static final int READY = 0;
    static final int COUNT_BEGUN = 1;
    static final int COUNT_ACKNOWLEDGED = 2;
    static final int KEY_BEGUN = 3;
    static final int KEY_ACKNOWLEDGED = 4;

    static final int COUNTERS = 26;
    static final int FIRST_COUNTED_RECORD = 0x40;
    static final int FIRST_WRITTEN_RECORD = 0x60;
    static final int WRITERS = 4;
    private static final CardSet NO_CARDS = new CardSet("0123456789ABCDEF", 1, 0);

    private static final int THREADS = 48;

    private final DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 64));

    private Load() {
    }

    /**
     * Runs until it is killed.
     *
     * @param arguments folder of the store
     */
    public static void main(String[] arguments) throws StartupException {
        KeyGroup group = open(Path.of(arguments[0])).keyGroup(0);
        Load load = new Load();
        for (int counter = 1; counter <= COUNTERS; counter++) {
            if (group.workKeyAt(FIRST_COUNTED_RECORD + counter) == null) {
                group.writeKey(countedKey(counter));
            }
        }
        load.tell(READY, 0, 0);
        for (int thread = 0; thread < THREADS; thread++) {
            new Thread(() -> load.count(group)).start();
        }
        for (int writer = 0; writer < WRITERS; writer++) {
            int record = FIRST_WRITTEN_RECORD + writer;
            new Thread(() -> load.write(group, record)).start();
        }
    }

    /** Opens the store, as start-up does; makes it if there is none. */
    static DurableKeyStore open(Path folder) throws StartupException {
        DurableKeyStore store = new DurableKeyStore("main", folder.resolve("keys"), null, false, 0);
        if (store.cardSet() == null) {
            store.initialize(new byte[LockedStore.STORAGE_KEY_LENGTH], NO_CARDS);
        } else {
            store.open(new byte[LockedStore.STORAGE_KEY_LENGTH], 0);
        }
        return store;
    }

    private static SamKey countedKey(int counter) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = (byte) counter;
        return new SamKey(FIRST_COUNTED_RECORD + counter, 0x41, counter, 0x40, parameters, value(counter));
    }

    /** A key value that says which one it is in every byte. */
    static KeyValue value(int number) {
        byte[] bytes = new byte[KeyValue.LENGTH];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (number * 31 + i);
        }
        return KeyValue.copyOf(bytes);
    }

    private void count(KeyGroup group) {
        while (true) {
            int counter = 1 + ThreadLocalRandom.current().nextInt(COUNTERS);
            SamKey key = group.workKeyAt(FIRST_COUNTED_RECORD + counter);
            tell(COUNT_BEGUN, counter, 0);
            int value = group.countUse(key);
            CompletionStage<Void> commit = group.pendingCommit();
            if (commit != null) {
                commit.toCompletableFuture().join();
            }
            tell(COUNT_ACKNOWLEDGED, counter, value);
        }
    }

    private void write(KeyGroup group, int record) {
        SamKey before = group.workKeyAt(record);
        for (int kvc = before == null ? 1 : before.kvc() % 0xFF + 1;; kvc = kvc % 0xFF + 1) {
            tell(KEY_BEGUN, record, kvc);
            group.writeKey(new SamKey(record, 0x50 + record - FIRST_WRITTEN_RECORD, kvc, 0x40, new byte[SamKey.PARAMETERS], value(kvc)));
            tell(KEY_ACKNOWLEDGED, record, kvc);
        }
    }

    private synchronized void tell(int what, int number, int value) {
        try {
            out.writeByte(what);
            out.writeByte(number);
            out.writeInt(value);
            out.flush();
        } catch (IOException e) {
            // The test has gone.
            System.exit(1);
        }
    }
}
