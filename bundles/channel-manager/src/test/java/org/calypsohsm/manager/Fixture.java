package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.annotation.Annotation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelRequest;

/** A channel manager with fake modules, and what its tests do again and again. */
final class Fixture implements AutoCloseable {

    /** The configuration; the defaults here are short, so that tests are. */
    static class Settings implements DefaultChannelManager.Config {

        long drainMillis = 5000;
        long graceMillis = 5000;
        long watchMillis = 20;
        int asyncThreads = 2;
        long stuckMillis = 60_000;
        boolean auditRequired;

        @Override
        public long drainMillis() {
            return drainMillis;
        }

        @Override
        public long successorGraceMillis() {
            return graceMillis;
        }

        @Override
        public long watchMillis() {
            return watchMillis;
        }

        @Override
        public long stuckMillis() {
            return stuckMillis;
        }

        @Override
        public int asyncThreads() {
            return asyncThreads;
        }

        @Override
        public boolean auditRequired() {
            return auditRequired;
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return DefaultChannelManager.Config.class;
        }
    }

    static final Duration SOON = Duration.ofSeconds(5);

    final Settings settings = new Settings();
    final List<FakeModule> modules = new ArrayList<>();
    private final List<CountDownLatch> gates = new ArrayList<>();
    private DefaultChannelManager manager;

    /** @return the manager, made with the settings as they are at the first call */
    synchronized DefaultChannelManager manager() {
        if (manager == null) {
            manager = new DefaultChannelManager(settings);
        }
        return manager;
    }

    /** Adds a module. */
    FakeModule module(String name, int channels, Integer... keyGroups) {
        FakeModule module = new FakeModule(name, channels, keyGroups);
        bind(module);
        return module;
    }

    void bind(FakeModule module) {
        modules.add(module);
        manager().bindModule(module);
    }

    /** Takes a module away as a service registry does. */
    void unbind(FakeModule module) {
        manager().unbindModule(module);
        module.deactivate();
    }

    Channel open() throws ChannelException, InterruptedException {
        return open(0);
    }

    Channel open(int keyGroup) throws ChannelException, InterruptedException {
        return manager().open(request(keyGroup, SOON));
    }

    static ChannelRequest request(int keyGroup, Duration deadline) {
        return ChannelRequest.forKeyGroup(keyGroup).withDeadline(deadline);
    }

    /** @return something that holds up whoever comes, until it is opened or the test ends */
    CountDownLatch gate() {
        CountDownLatch gate = new CountDownLatch(1);
        gates.add(gate);
        return gate;
    }

    static void pass(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Something that runs on a thread of its own. */
    static final class Running<T> extends CompletableFuture<T> {

        private final Thread thread;

        private Running(Callable<T> task) {
            thread = new Thread(() -> {
                try {
                    complete(task.call());
                } catch (Exception | Error e) {
                    completeExceptionally(e);
                }
            }, "test");
            thread.setDaemon(true);
        }

        /** Waits until the thread waits for something. */
        void awaitBlocked() {
            await().pollInterval(Duration.ofMillis(1)).until(
                    () -> thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING);
        }

        void interrupt() {
            thread.interrupt();
        }
    }

    static <T> Running<T> run(Callable<T> task) {
        Running<T> running = new Running<>(task);
        running.thread.start();
        return running;
    }

    static Running<Void> runs(ThrowingRunnable task) {
        return run(() -> {
            task.run();
            return null;
        });
    }

    /** Something that may throw. */
    interface ThrowingRunnable {
        void run() throws Exception;
    }

    /** @return the result, which has to come soon; else fails with what went wrong */
    static <T> T get(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } catch (TimeoutException e) {
            throw new AssertionError("It did not end in time.", e);
        }
    }

    ModuleSlot slot(FakeModule module) {
        return manager().placement().slots().stream().filter(slot -> slot.module == module).findFirst().orElseThrow();
    }

    void awaitWaiting(int waiters) {
        await().pollInterval(Duration.ofMillis(1)).until(() -> manager().placement().waiting() == waiters);
    }

    /** Checks that nothing is left of all that was opened. */
    void assertNothingLeft() {
        await().atMost(SOON).pollInterval(Duration.ofMillis(1)).untilAsserted(() -> {
            for (ModuleSlot slot : manager().placement().slots()) {
                assertThat(manager().placement().reserved(slot)).as("reserved on %s", slot.name()).isZero();
                assertThat(slot.channels).as("channels on %s", slot.name()).isEmpty();
            }
            assertThat(manager().placement().parked()).as("parked").isEmpty();
            assertThat(manager().placement().waiting()).as("waiting").isZero();
            for (FakeModule module : modules) {
                assertThat(module.open).as("open in %s", module.info().name()).isEmpty();
                assertThat(module.overlaps).as("overlaps in %s", module.info().name()).hasValue(0);
            }
        });
    }

    @Override
    public void close() {
        gates.forEach(CountDownLatch::countDown);
        if (manager != null) {
            manager.stop();
        }
    }
}
