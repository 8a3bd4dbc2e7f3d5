package org.calypsohsm.keystore.admin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;

/** Imports that wait for components: in memory only, and for some minutes only. */
final class PendingImports {

    /** What an import is found by. */
    record Target(int group, int kif, int kvc, boolean system) {

        static Target of(int group, KeyTemplate key) {
            return new Target(group, key.kif(), key.kvc(), key.system());
        }
    }

    /** The exclusive or of the components given so far: none of them is kept. */
    static final class Import {

        private final KeyTemplate key;
        private final int components;
        private final List<String> given = new ArrayList<>();
        private final byte[] sum = new byte[KeyValue.LENGTH];
        private long last;
        private boolean over;

        Import(KeyTemplate key, int components) {
            this.key = key;
            this.components = components;
        }

        KeyTemplate key() {
            return key;
        }

        int components() {
            return components;
        }

        List<String> given() {
            return List.copyOf(given);
        }
    }

    private static final long LIFE = TimeUnit.MINUTES.toNanos(KeyAdministration.IMPORT_MINUTES);
    private static final long IDLE_SECONDS = 1;

    private final Map<Target, Import> imports = new HashMap<>();
    private final LongSupplier nanoTime;
    private final Consumer<Target> onExpiry;
    private final ScheduledThreadPoolExecutor timer;

    /** @param onExpiry told of each import that nobody completed; quick */
    PendingImports(LongSupplier nanoTime, Consumer<Target> onExpiry) {
        this.nanoTime = nanoTime;
        this.onExpiry = onExpiry;
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "hsm-key-imports");
            thread.setDaemon(true);
            return thread;
        });
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
    }

    /** @return the import that waits; null if there is none, or not any more */
    synchronized Import find(Target target) {
        expire();
        return imports.get(target);
    }

    /**
     * Adds a component, and begins the import with the first one.
     *
     * @param pending   from {@link #find}, or a new one
     * @param component 16 bytes
     * @param open      tells whether the store is open; asked where {@link #dropAll} cannot come between
     * @return false if the import is over meanwhile: nothing is kept then
     */
    synchronized boolean add(Target target, Import pending, String custodian, byte[] component, BooleanSupplier open) {
        if (pending.over || timer.isShutdown() || !open.getAsBoolean() || !pending.given.isEmpty() && imports.get(target) != pending) {
            return false;
        }
        for (int i = 0; i < pending.sum.length; i++) {
            pending.sum[i] ^= component[i];
        }
        pending.given.add(custodian);
        pending.last = nanoTime.getAsLong();
        imports.put(target, pending);
        timer.schedule(this::expire, KeyAdministration.IMPORT_MINUTES, TimeUnit.MINUTES);
        return true;
    }

    /** @return the exclusive or of all components and this one; the caller overwrites it */
    synchronized byte[] sum(Import pending, byte[] component) {
        byte[] sum = pending.sum.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] ^= component[i];
        }
        return sum;
    }

    /** @return true while the import waits */
    synchronized boolean isWaiting(Import pending) {
        return !pending.over;
    }

    /** Gives an import up, and overwrites what was given. */
    synchronized void drop(Target target) {
        Import gone = imports.remove(target);
        if (gone != null) {
            wipe(gone);
        }
    }

    private static void wipe(Import gone) {
        gone.over = true;
        Arrays.fill(gone.sum, (byte) 0);
    }

    private synchronized void expire() {
        long now = nanoTime.getAsLong();
        List<Target> expired = imports.entrySet().stream().filter(entry -> now - entry.getValue().last >= LIFE)
                .map(Map.Entry::getKey).toList();
        expired.forEach(target -> {
            drop(target);
            onExpiry.accept(target);
        });
    }

    /** Gives up all imports. */
    synchronized void dropAll() {
        imports.values().forEach(PendingImports::wipe);
        imports.clear();
    }

    /** Gives up all imports, and takes no more. */
    synchronized void close() {
        dropAll();
        timer.shutdownNow();
    }
}
