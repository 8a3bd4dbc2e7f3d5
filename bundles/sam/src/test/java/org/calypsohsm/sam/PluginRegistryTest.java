package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.calypsohsm.product.SecurityPlugin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which plugin serves an ALG code, and how plugins come and go. */
@Timeout(30)
class PluginRegistryTest {

    private static final int ALG = 0x40;
    private static final long AN_HOUR_MILLIS = TimeUnit.HOURS.toMillis(1);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stopThreads() {
        threads.shutdownNow();
    }

    private static SecurityPlugin serving(PluginRegistry plugins, int alg) {
        PluginSlot slot = plugins.lease(alg);
        if (slot == null) {
            return null;
        }
        slot.leave();
        return slot.plugin();
    }

    /** Starts a task on a thread of its own, and returns once that thread waits with a time limit. */
    private Future<?> startAndAwaitItsWait(Runnable task) {
        AtomicReference<Thread> thread = new AtomicReference<>();
        Future<?> future = threads.submit(() -> {
            thread.set(Thread.currentThread());
            task.run();
        });
        await().until(() -> thread.get() != null && thread.get().getState() == Thread.State.TIMED_WAITING);
        assertThat(future).isNotDone();
        return future;
    }

    @Test
    void thePluginOfHigherOrderServesWhicheverCameFirst() {
        ProfilePlugin low = ProfilePlugin.usual();
        ProfilePlugin high = ProfilePlugin.usual();
        for (boolean lowFirst : new boolean[] {true, false}) {
            PluginRegistry plugins = Sam.emptyRegistry(0);
            plugins.add(lowFirst ? low : high, "first", Sam.order(lowFirst ? 1 : 2), ALG);
            plugins.add(lowFirst ? high : low, "second", Sam.order(lowFirst ? 2 : 1), ALG);
            assertThat(serving(plugins, ALG)).isSameAs(high);
            plugins.remove(high);
            assertThat(serving(plugins, ALG)).as("the next one serves at once").isSameAs(low);
            plugins.add(high, "again", Sam.order(2), ALG);
            assertThat(serving(plugins, ALG)).isSameAs(high);
            plugins.remove(low);
            assertThat(serving(plugins, ALG)).isSameAs(high);
        }
    }

    @Test
    void eachAlgCodeHasItsOwnPlugin() {
        PluginRegistry plugins = Sam.emptyRegistry(0);
        ProfilePlugin first = ProfilePlugin.usual();
        ProfilePlugin second = ProfilePlugin.usual();
        plugins.add(first, "first", Sam.order(1), 0x00, 0x40);
        plugins.add(second, "second", Sam.order(2), 0x50, 0xFF);
        assertThat(serving(plugins, 0x00)).isSameAs(first);
        assertThat(serving(plugins, 0x40)).isSameAs(first);
        assertThat(serving(plugins, 0x50)).isSameAs(second);
        assertThat(serving(plugins, 0xFF)).isSameAs(second);
        assertThat(serving(plugins, 0x41)).isNull();
        plugins.remove(second);
        assertThat(serving(plugins, 0x40)).isSameAs(first);
        assertThat(serving(plugins, 0x50)).isNull();
    }

    @Test
    void aCodeThatNoPluginEverServedIsNotWaitedFor() {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        plugins.add(ProfilePlugin.usual(), "test", Sam.order(1), 0x50);
        assertThat(plugins.lease(ALG)).isNull();
    }

    @Test
    void theSuccessorServesThoseWhoWait() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        ProfilePlugin old = ProfilePlugin.usual();
        ProfilePlugin successor = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ALG);
        plugins.remove(old);
        AtomicReference<SecurityPlugin> served = new AtomicReference<>();
        Future<?> waiting = startAndAwaitItsWait(() -> served.set(serving(plugins, ALG)));

        plugins.add(ProfilePlugin.usual(), "of another code", Sam.order(3), 0x50);
        plugins.add(successor, "new", Sam.order(2), ALG);

        waiting.get();
        assertThat(served.get()).isSameAs(successor);
    }

    @Test
    void afterTheGraceTimeNobodyWaitsAnyMore() {
        PluginRegistry plugins = Sam.emptyRegistry(200);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ALG);
        long gone = System.nanoTime();
        plugins.remove(old);
        assertThat(plugins.lease(ALG)).isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - gone)).isGreaterThanOrEqualTo(Duration.ofMillis(200));

        long second = System.nanoTime();
        assertThat(plugins.lease(ALG)).isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - second)).as("counted from when the plugin went")
                .isLessThan(Duration.ofMillis(150));
    }

    @Test
    void anInterruptEndsTheWaitAndStaysSet() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ALG);
        plugins.remove(old);
        AtomicReference<Thread> thread = new AtomicReference<>();
        AtomicBoolean interrupted = new AtomicBoolean();
        AtomicReference<SecurityPlugin> served = new AtomicReference<>(old);
        Future<?> waiting = startAndAwaitItsWait(() -> {
            thread.set(Thread.currentThread());
            served.set(serving(plugins, ALG));
            interrupted.set(Thread.currentThread().isInterrupted());
        });
        thread.get().interrupt();
        waiting.get();
        assertThat(served.get()).isNull();
        assertThat(interrupted).isTrue();
    }

    @Test
    void removingWaitsForTheCallsThatAreInThePlugin() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(0);
        ProfilePlugin plugin = ProfilePlugin.usual();
        plugins.add(plugin, "test", Sam.order(1), ALG);
        PluginSlot first = plugins.lease(ALG);
        PluginSlot second = plugins.lease(ALG);
        Future<?> removal = startAndAwaitItsWait(() -> plugins.remove(plugin));

        assertThat(plugins.lease(ALG)).as("nobody new comes in").isNull();
        first.leave();
        assertThat(removal).isNotDone();
        second.leave();
        removal.get();
    }

    @Test
    void drainingGivesUpAtTheEndOfItsTime() {
        PluginSlot slot = new PluginSlot(ProfilePlugin.usual(), "test");
        assertThat(slot.enter()).isTrue();
        assertThat(slot.retire(TimeUnit.MILLISECONDS.toNanos(20))).isFalse();
        slot.leave();
        assertThat(slot.retire(0)).isTrue();
        assertThat(slot.enter()).isFalse();
        assertThat(slot.retire(0)).as("a refused lease counts for nothing").isTrue();
    }

    @Test
    void removingWhatWasNeverAddedChangesNothing() {
        PluginRegistry plugins = Sam.emptyRegistry(0);
        ProfilePlugin plugin = ProfilePlugin.usual();
        plugins.add(plugin, "test", Sam.order(1), ALG);
        plugins.remove(ProfilePlugin.usual());
        assertThat(serving(plugins, ALG)).isSameAs(plugin);
    }
}
