package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.request;
import static org.calypsohsm.manager.Fixture.run;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.manager.Fixture.Running;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class OpeningTest {

    private static final Duration NOT_AT_ALL = Duration.ZERO;
    private static final Duration LONG = Duration.ofSeconds(15);

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    @Test
    void opensAndGivesBack() throws Exception {
        FakeModule a = fixture.module("a", 2, 0, 7);

        Channel channel = fixture.open(7);

        assertThat(channel.isOpen()).isTrue();
        assertThat(channel.keyGroup()).isEqualTo(7);
        assertThat(channel.module()).isEqualTo("a");
        assertThat(channel.atr()).isEqualTo(a.open.iterator().next().atr()).isNotSameAs(channel.atr());
        assertThat(fixture.open(7).id()).isNotEqualTo(channel.id());
        assertThat(fixture.manager().modules()).singleElement().satisfies(report -> {
            assertThat(report.channelsInUse()).isEqualTo(2);
            assertThat(report.channelsTotal()).isEqualTo(2);
        });

        channel.close();

        assertThat(channel.isOpen()).isFalse();
        assertThat(a.channelsInUse()).isEqualTo(1);
    }

    @Test
    void spreadsChannelsByTheShareThatIsFree() throws Exception {
        FakeModule small = fixture.module("small", 2);
        FakeModule large = fixture.module("large", 8);
        for (int i = 0; i < 5; i++) {
            fixture.open();
        }
        assertThat(small.channelsInUse()).isEqualTo(1);
        assertThat(large.channelsInUse()).isEqualTo(4);
    }

    @Test
    void saysWhichKeyGroupsThereAreWhenOneIsUnknown() {
        fixture.module("a", 1, 0, 3);
        fixture.module("b", 1, 5);
        assertThatExceptionOfType(UnknownKeyGroupException.class).isThrownBy(() -> fixture.open(9))
                .withMessageContaining("no module has key group 9").withMessageContaining("[0, 3, 5]");
    }

    @Test
    void findsAKeyGroupThatAModuleGotJustNow() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 1, 0);
        a.serve(0, 9);
        assertThat(fixture.open(9).keyGroup()).isEqualTo(9);
    }

    @Test
    void aModuleThatWasNeverReachedMayHaveAnyKeyGroup() throws Exception {
        FakeModule a = fixture.module("a", 1, 0);
        a.become(ModuleState.OFFLINE, "It is not there yet.");
        // It has told its key groups before.
        assertThatExceptionOfType(UnknownKeyGroupException.class).isThrownBy(() -> fixture.open(9));
        a.serve();
        await().until(() -> fixture.slot(a).report().keyGroups().isEmpty());
        CompletableFuture<Channel> waiter = fixture.manager().openAsync(request(9, Duration.ofSeconds(20))).toCompletableFuture();
        assertThat(waiter).isNotDone();
        a.serve(9);
        a.become(ModuleState.OPERATIONAL, "It is there.");
        assertThat(get(waiter).keyGroup()).isEqualTo(9);
    }

    @Test
    void failsAtOnceWithAZeroDeadlineWhenAllAreTaken() throws Exception {
        fixture.module("a", 1);
        fixture.open();
        long start = System.nanoTime();
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, NOT_AT_ALL)))
                .withMessageContaining("key group 0").withMessageContaining("a 1 of 1 in use, OPERATIONAL");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        assertThat(fixture.manager().placement().waiting()).isZero();
    }

    @Test
    void failsAtTheDeadlineAndLeavesTheQueue() throws Exception {
        fixture.module("a", 1);
        fixture.open();
        long start = System.nanoTime();
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, Duration.ofMillis(60))))
                .withMessageContaining("within 60 ms");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(60), Duration.ofSeconds(2));
        assertThat(fixture.manager().placement().waiting()).isZero();
    }

    @Test
    void failsAtTheDeadlineAlsoWithoutBlocking() throws Exception {
        fixture.module("a", 1);
        fixture.open();
        CompletableFuture<Channel> waiter = fixture.manager().openAsync(request(0, Duration.ofMillis(60))).toCompletableFuture();
        assertThat(waiter).isNotDone();
        assertThatExceptionOfType(NoChannelFreeException.class).isThrownBy(() -> get(waiter));
        assertThat(fixture.manager().placement().waiting()).isZero();
    }

    @Test
    void noDeadlineIsTooShortToPass() throws Exception {
        fixture.module("a", 1);
        fixture.open();
        List<CompletableFuture<Channel>> waiters = new ArrayList<>();
        for (int nanos = 0; nanos < 60_000; nanos += 20) {
            waiters.add(fixture.manager().openAsync(request(0, Duration.ofNanos(nanos))).toCompletableFuture());
        }
        for (CompletableFuture<Channel> waiter : waiters) {
            assertThatExceptionOfType(NoChannelFreeException.class).isThrownBy(() -> get(waiter));
        }
    }

    @Test
    void saysThatNoModuleIsPresent() {
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, Duration.ofMillis(20))))
                .withMessageContaining("no module is present");
    }

    @Test
    void waitsForAModuleToCome() throws Exception {
        CompletableFuture<Channel> waiter = run(fixture::open);
        fixture.awaitWaiting(1);
        fixture.module("a", 1);
        assertThat(get(waiter).module()).isEqualTo("a");
    }

    @Test
    void takesDeadlinesAndLeasesOfAnyLength() throws Exception {
        fixture.module("a", 1);
        Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);
        Channel channel = fixture.manager().open(new ChannelRequest(0, forEver, forEver));
        CompletableFuture<Channel> waiter =
                fixture.manager().openAsync(new ChannelRequest(0, forEver, forEver)).toCompletableFuture();
        fixture.awaitWaiting(1);
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        assertThat(get(waiter).isOpen()).isTrue();
    }

    // ---- the queue

    @Test
    void servesBlockedThreadsInTheOrderInWhichTheyCame() throws Exception {
        fixture.settings.watchMillis = 60_000;
        fixture.module("a", 1);
        Channel held = fixture.open();
        List<Integer> served = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<Void>> waiters = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            int number = i;
            waiters.add(runs(() -> {
                try (Channel channel = fixture.manager().open(request(0, LONG))) {
                    assertThat(channel.isOpen()).isTrue();
                    served.add(number);
                }
            }));
            fixture.awaitWaiting(i + 1);
        }
        held.close();
        for (CompletableFuture<Void> waiter : waiters) {
            get(waiter);
        }
        assertThat(served).isEqualTo(IntStream.range(0, 40).boxed().toList());
        fixture.assertNothingLeft();
    }

    @Test
    void letsNobodyOvertakeTheQueue() throws Exception {
        fixture.settings.watchMillis = 60_000;
        fixture.module("a", 1);
        Channel held = fixture.open();
        int waiters = 300;
        AtomicInteger served = new AtomicInteger();
        for (int i = 0; i < waiters; i++) {
            fixture.manager().openAsync(request(0, LONG)).thenAccept(channel -> {
                served.incrementAndGet();
                channel.close();
            });
        }
        AtomicInteger servedWhenOvertaken = new AtomicInteger(-1);
        CompletableFuture<Void> pusher = runs(() -> {
            while (true) {
                try (Channel pushed = fixture.manager().open(request(0, NOT_AT_ALL))) {
                    assertThat(pushed.isOpen()).isTrue();
                    servedWhenOvertaken.set(served.get());
                    return;
                } catch (NoChannelFreeException e) {
                    // As it should be, as long as others wait.
                }
            }
        });
        held.close();
        get(pusher);
        assertThat(servedWhenOvertaken).hasValue(waiters);
        fixture.assertNothingLeft();
    }

    @Test
    void doesNotLetOneKeyGroupWaitForAnother() throws Exception {
        fixture.module("a", 1, 1);
        fixture.module("b", 1, 2);
        fixture.open(1);
        CompletableFuture<Channel> waiter = fixture.manager().openAsync(request(1, LONG)).toCompletableFuture();
        assertThat(fixture.open(2).module()).isEqualTo("b");
        assertThat(waiter).isNotDone();
    }

    @Test
    void givesASharedModuleToWhoeverWaitsLongestInAnyKeyGroup() throws Exception {
        fixture.module("a", 1, 1, 2);
        Channel held = fixture.open(1);
        List<Integer> served = Collections.synchronizedList(new ArrayList<>());
        List<Integer> groups = List.of(2, 1, 1, 2, 2, 1);
        List<CompletableFuture<Void>> waiters = groups.stream()
                .map(group -> fixture.manager().openAsync(request(group, LONG)).thenAccept(channel -> {
                    served.add(channel.keyGroup());
                    channel.close();
                }).toCompletableFuture()).toList();
        held.close();
        for (CompletableFuture<Void> waiter : waiters) {
            get(waiter);
        }
        assertThat(served).isEqualTo(groups);
    }

    @Test
    void leavesNothingReservedForACancelledWaiter() throws Exception {
        fixture.module("a", 1);
        Channel held = fixture.open();
        CompletableFuture<Channel> cancelled = fixture.manager().openAsync(request(0, LONG)).toCompletableFuture();
        CompletableFuture<Channel> next = fixture.manager().openAsync(request(0, LONG)).toCompletableFuture();
        cancelled.cancel(false);
        assertThat(fixture.manager().placement().waiting()).isEqualTo(1);
        held.close();
        get(next).close();
        fixture.assertNothingLeft();
    }

    @Test
    void leavesNothingReservedForAnInterruptedThread() throws Exception {
        fixture.module("a", 1);
        Channel held = fixture.open();
        Running<Channel> waiter = run(() -> fixture.manager().open(request(0, LONG)));
        fixture.awaitWaiting(1);
        waiter.interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> get(waiter));
        assertThat(fixture.manager().placement().waiting()).isZero();
        held.close();
        fixture.assertNothingLeft();
    }

    @Test
    void leavesNothingReservedHoweverWaitersGiveUp() throws Exception {
        fixture.module("a", 2);
        long end = System.nanoTime() + Duration.ofMillis(800).toNanos();
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        AtomicInteger opened = new AtomicInteger();
        for (int i = 0; i < 6; i++) {
            threads.add(runs(() -> {
                ThreadLocalRandom random = ThreadLocalRandom.current();
                while (System.nanoTime() < end) {
                    CompletableFuture<Channel> future = fixture.manager()
                            .openAsync(request(0, Duration.ofNanos(random.nextInt(200_000)))).toCompletableFuture();
                    if (random.nextBoolean()) {
                        if (!future.cancel(false)) {
                            // Too late: then it is ours, or it has failed.
                            future.thenAccept(Channel::close).exceptionally(fault -> null);
                        }
                    } else {
                        future.handle((channel, fault) -> {
                            if (channel != null) {
                                opened.incrementAndGet();
                                channel.close();
                            }
                            return null;
                        }).get();
                    }
                }
            }));
        }
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
        assertThat(opened).hasPositiveValue();
        fixture.assertNothingLeft();
    }

    // ---- modules that do not behave

    @Test
    void triesAnotherModuleWhenOneRefuses() throws Exception {
        FakeModule bad = fixture.module("bad", 9);
        fixture.module("good", 1);
        bad.openScript = () -> {
            throw new ModuleException(ModuleException.Reason.FAILED, "It is broken.");
        };
        assertThat(fixture.manager().open(request(0, NOT_AT_ALL)).module()).isEqualTo("good");
    }

    @Test
    void saysWhyAModuleRefused() {
        FakeModule bad = fixture.module("bad", 9);
        bad.openScript = () -> {
            throw new ModuleException(ModuleException.Reason.FAILED, "It is broken.");
        };
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, NOT_AT_ALL)))
                .withMessageContaining("bad 0 of 9 in use, OPERATIONAL; last refusal: bad: It is broken.");
    }

    @Test
    void triesAnotherModuleWhenOneOpensInAWayThatNoModuleMay() throws Exception {
        List<Consumer<FakeModule>> faults = List.of(
                module -> module.givesNull = true,
                module -> module.hidesAtr = true,
                module -> module.openScript = () -> {
                    throw new IllegalStateException("broken");
                },
                module -> module.openScript = () -> {
                    throw new NoClassDefFoundError("its bundle was updated");
                });
        for (Consumer<FakeModule> fault : faults) {
            try (Fixture fresh = new Fixture()) {
                FakeModule bad = fresh.module("bad", 9);
                fresh.module("good", 1);
                fault.accept(bad);
                Channel channel = fresh.manager().open(request(0, NOT_AT_ALL));
                assertThat(channel.module()).isEqualTo("good");
                channel.close();
                fresh.assertNothingLeft();
            }
        }
    }

    @Test
    void doesNotAskARefusingModuleForEver() throws Exception {
        FakeModule slow = fixture.module("slow", 1);
        FakeModule slower = fixture.module("slower", 1);
        AtomicInteger asked = new AtomicInteger();
        FakeModule.OpenScript refuse = () -> {
            // Longer than a module is left alone after it refused.
            CountDownLatch never = new CountDownLatch(1);
            try {
                assertThat(never.await(110, TimeUnit.MILLISECONDS)).isFalse();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            asked.incrementAndGet();
            throw new ModuleException(ModuleException.Reason.FULL, "It is full.");
        };
        slow.openScript = refuse;
        slower.openScript = refuse;
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, NOT_AT_ALL)));
        assertThat(asked).hasValue(2);
        fixture.assertNothingLeft();
    }

    @Test
    void asksARefusingModuleAgainForThoseWhoWait() throws Exception {
        FakeModule a = fixture.module("a", 1);
        List<Long> asked = Collections.synchronizedList(new ArrayList<>());
        a.openScript = () -> {
            asked.add(System.nanoTime());
            if (asked.size() <= 2) {
                throw new ModuleException(ModuleException.Reason.FULL, "It is full.");
            }
        };
        assertThat(fixture.open().isOpen()).isTrue();
        assertThat(asked).hasSize(3);
        for (int i = 1; i < 3; i++) {
            assertThat(Duration.ofNanos(asked.get(i) - asked.get(i - 1))).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }

    @Test
    void opensElsewhereWhileAModuleHoldsUpAllExchanges() throws Exception {
        FakeModule stuck = fixture.module("stuck", 9, 1);
        fixture.module("good", 1, 2);
        CountDownLatch gate = fixture.gate();
        stuck.exchangeScript = command -> {
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        for (int i = 0; i < 5; i++) {
            fixture.open(1).exchangeAsync(Apdus.READ);
        }
        Channel held = fixture.open(2);
        CompletableFuture<Channel> waiter = run(() -> fixture.open(2));
        fixture.awaitWaiting(1);
        held.close();
        assertThat(get(waiter).module()).isEqualTo("good");
    }

    // ---- the end

    @Test
    void stopClosesChannelsAndFailsThoseWhoWait() throws Exception {
        fixture.module("a", 2);
        Channel first = fixture.open();
        Channel second = fixture.open();
        CompletableFuture<Channel> blocked = run(fixture::open);
        fixture.awaitWaiting(1);
        CompletableFuture<Channel> waiting = fixture.manager().openAsync(request(0, LONG)).toCompletableFuture();

        fixture.manager().stop();

        assertThat(first.isOpen()).isFalse();
        assertThat(second.isOpen()).isFalse();
        for (CompletableFuture<Channel> waiter : List.of(blocked, waiting)) {
            assertThatExceptionOfType(NoChannelFreeException.class).isThrownBy(() -> get(waiter))
                    .withMessageContaining("the channel manager stops");
        }
        fixture.assertNothingLeft();
        for (Duration deadline : List.of(NOT_AT_ALL, LONG)) {
            assertThatExceptionOfType(NoChannelFreeException.class)
                    .isThrownBy(() -> fixture.manager().open(request(0, deadline))).withMessageContaining("stops");
            assertThatExceptionOfType(NoChannelFreeException.class)
                    .isThrownBy(() -> get(fixture.manager().openAsync(request(0, deadline)).toCompletableFuture()));
        }
        fixture.assertNothingLeft();
    }

    @Test
    void closesAChannelThatOpensWhileTheManagerStops() throws Exception {
        FakeModule a = fixture.module("a", 1);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.openScript = () -> {
            inside.countDown();
            pass(gate);
        };
        CompletableFuture<Channel> opening = run(fixture::open);
        pass(inside);
        fixture.manager().stop();
        gate.countDown();
        assertThatExceptionOfType(NoChannelFreeException.class).isThrownBy(() -> get(opening)).withMessageContaining("stops");
        fixture.assertNothingLeft();
    }

    @Test
    void stopLeavesNothingOpenHoweverManyOpenMeanwhile() throws Exception {
        for (int round = 0; round < 30; round++) {
            try (Fixture fresh = new Fixture()) {
                FakeModule a = fresh.module("a", 4);
                AtomicInteger started = new AtomicInteger();
                List<CompletableFuture<Void>> threads = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    threads.add(runs(() -> {
                        try {
                            while (true) {
                                Channel channel = fresh.manager().open(request(0, Duration.ofSeconds(1)));
                                started.incrementAndGet();
                                if (started.get() % 2 == 0) {
                                    channel.close();
                                }
                            }
                        } catch (NoChannelFreeException e) {
                            // The manager stopped, or it is full.
                        }
                    }));
                }
                await().pollInterval(Duration.ofMillis(1)).until(() -> started.get() > 2);
                fresh.manager().stop();
                for (CompletableFuture<Void> thread : threads) {
                    get(thread);
                }
                fresh.assertNothingLeft();
                assertThat(a.open).isEmpty();
            }
        }
    }

    @Test
    void saysWhichNumberOfTheConfigurationIsWrong() {
        fixture.settings.watchMillis = 0;
        assertThatIllegalArgumentException().isThrownBy(fixture::manager)
                .withMessageContaining("watchMillis is at least 1, not 0").withMessageContaining("org.calypsohsm.manager");
        fixture.settings.watchMillis = 1;
        fixture.settings.drainMillis = -1;
        assertThatIllegalArgumentException().isThrownBy(fixture::manager).withMessageContaining("drainMillis");
    }
}
