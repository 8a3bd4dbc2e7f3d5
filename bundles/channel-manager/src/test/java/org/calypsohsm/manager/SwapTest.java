package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Apdus.hex;
import static org.calypsohsm.manager.Apdus.select;
import static org.calypsohsm.manager.Apdus.selected;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.request;
import static org.calypsohsm.manager.Fixture.run;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.manager.Fixture.Running;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SwapTest {

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
        for (FakeModule module : fixture.modules) {
            assertThat(module.lateCalls).as("late calls of %s", module.info().name()).hasValue(0);
        }
    }

    private void awaitLeaving(FakeModule module) {
        await().until(() -> fixture.slot(module).leaving);
    }

    // ---- stop the old one, then start the new one

    @Test
    void parksChannelsBetweenTwoModulesAndGoesOn() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel idle = fixture.open();
        idle.exchange(select(1));
        Channel busy = fixture.open();
        busy.exchange(select(2));

        fixture.unbind(old);

        assertThat(old.open).isEmpty();
        assertThat(idle.isOpen()).isTrue();
        assertThat(idle.module()).isEqualTo("old");
        Running<byte[]> exchange = run(() -> busy.exchange(Apdus.READ));
        exchange.awaitBlocked();
        fixture.module("new", 9);
        assertThat(hex(get(exchange))).isEqualTo(selected(2));
        assertThat(idle.module()).isEqualTo("new");
        assertThat(hex(idle.exchange(Apdus.READ))).isEqualTo(selected(1));
    }

    @Test
    void saysThatNoModuleCameWithinTheGraceTimeAndKeepsTheChannel() throws Exception {
        fixture.settings.graceMillis = 60;
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        channel.exchange(select(1));
        fixture.unbind(old);

        long start = System.nanoTime();
        assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> channel.exchange(Apdus.READ))
                .withMessageContaining("Channel " + channel.id() + " on module old: its module is gone")
                .withMessageContaining("no module is present").withMessageContaining("stays open");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(60));

        assertThat(channel.isOpen()).isTrue();
        fixture.module("new", 9);
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(1));
    }

    @Test
    void closesAParkedChannelAndTakesItBackWhenItsLeaseRunsOut() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel closed = fixture.open();
        Channel idle = fixture.manager().open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ofMillis(40)));
        fixture.unbind(old);
        closed.close();
        await().atMost(Fixture.SOON).until(() -> !idle.isOpen());
        assertThatExceptionOfType(ChannelExpiredException.class).isThrownBy(() -> idle.exchange(Apdus.READ));
        fixture.assertNothingLeft();
    }

    @Test
    void theLeaseDoesNotRunOutWhileAnExchangeWaitsForAModule() throws Exception {
        FakeModule old = fixture.module("old", 9);
        ManagedChannel channel = (ManagedChannel) fixture.manager()
                .open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ofHours(1)));
        fixture.unbind(old);
        long beforeTheCall = System.nanoTime();
        Running<byte[]> exchange = run(() -> channel.exchange(Apdus.READ));
        exchange.awaitBlocked();
        channel.expireIfIdle(beforeTheCall + Duration.ofHours(1).toNanos());
        fixture.module("new", 9);
        assertThat(hex(get(exchange))).isEqualTo(selected(0));
    }

    @Test
    void closingWakesAnExchangeThatWaitsForAModule() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        fixture.unbind(old);
        Running<byte[]> exchange = run(() -> channel.exchange(Apdus.READ));
        exchange.awaitBlocked();
        channel.close();
        assertThatExceptionOfType(ChannelClosedException.class).isThrownBy(() -> get(exchange));
    }

    @Test
    void aChannelThatLostItsPlaceComesBeforeThoseWhoWaitForANewOne() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule old = fixture.module("old", 1, 0);
        Channel parked = fixture.open();
        FakeModule full = fixture.module("full", 1, 0);
        Channel held = fixture.open();
        fixture.unbind(old);
        held.close();
        await().atMost(Fixture.SOON).until(() -> parked.module().equals("full"));
        assertThat(full.open).hasSize(1);
    }

    // ---- asynchronous exchanges

    @Test
    void holdsNoThreadForAsynchronousExchangesOfParkedChannels() throws Exception {
        fixture.settings.asyncThreads = 1;
        FakeModule old = fixture.module("old", 50, 1);
        fixture.module("other", 1, 2);
        List<Channel> parked = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Channel channel = fixture.open(1);
            channel.exchange(select(i));
            parked.add(channel);
        }
        Channel served = fixture.open(2);
        fixture.unbind(old);

        List<CompletableFuture<byte[]>> waiting = new ArrayList<>();
        parked.forEach(channel -> waiting.add(channel.exchangeAsync(Apdus.READ).toCompletableFuture()));

        assertThat(hex(get(served.exchangeAsync(Apdus.READ).toCompletableFuture()))).isEqualTo(selected(0));
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        fixture.module("new", 50, 1);
        for (int i = 0; i < 50; i++) {
            assertThat(hex(get(waiting.get(i)))).isEqualTo(selected(i));
        }
    }

    @Test
    void holdsNoThreadForAnAsynchronousExchangeThatFindsItsModuleLeft() throws Exception {
        fixture.settings.asyncThreads = 1;
        FakeModule old = fixture.module("old", 1, 1);
        fixture.module("other", 1, 2);
        Channel channel = fixture.open(1);
        Channel served = fixture.open(2);
        // Marked, but nobody has looked at its channels yet.
        fixture.manager().placement().leave(fixture.slot(old), ModuleSlot.Cause.COMMAND, "It is left.");
        CompletableFuture<byte[]> waiting = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        assertThat(hex(get(served.exchangeAsync(Apdus.READ).toCompletableFuture()))).isEqualTo(selected(0));
        assertThat(waiting).isNotDone();
        fixture.manager().undrain("old");
        assertThat(hex(get(waiting))).isEqualTo(selected(0));
    }

    @Test
    void givesAllAsynchronousExchangesUpAfterOneGraceTime() throws Exception {
        fixture.settings.graceMillis = 400;
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        fixture.unbind(old);
        List<CompletableFuture<byte[]>> waiting = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            waiting.add(channel.exchangeAsync(Apdus.READ).toCompletableFuture());
        }
        for (CompletableFuture<byte[]> future : waiting) {
            assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> get(future))
                    .withMessageContaining("on module old");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(400), Duration.ofMillis(2500));
        // Whoever comes later has a grace time of its own.
        CompletableFuture<byte[]> later = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        fixture.module("new", 9);
        assertThat(hex(get(later))).isEqualTo(selected(0));
    }

    @Test
    void failsAsynchronousExchangesThatWaitWhenTheChannelCloses() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        fixture.unbind(old);
        List<CompletableFuture<byte[]>> waiting = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            waiting.add(channel.exchangeAsync(Apdus.READ).toCompletableFuture());
        }
        channel.close();
        for (CompletableFuture<byte[]> future : waiting) {
            assertThatExceptionOfType(ChannelClosedException.class).isThrownBy(() -> get(future));
        }
    }

    @Test
    void failsAsynchronousExchangesOfParkedChannelsWhenTheManagerStops() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        fixture.unbind(old);
        CompletableFuture<byte[]> waiting = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        fixture.manager().stop();
        assertThatExceptionOfType(ChannelClosedException.class).isThrownBy(() -> get(waiting));
        assertThatExceptionOfType(ChannelClosedException.class)
                .isThrownBy(() -> get(channel.exchangeAsync(Apdus.READ).toCompletableFuture()));
    }

    // ---- what unbind waits for

    @Test
    void unbindWaitsForSessionsToEnd() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        channel.exchange(select(1));
        channel.exchange(Apdus.BEGIN);
        fixture.module("new", 9);

        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        assertThat(hex(channel.exchange(Apdus.UPDATE))).isEqualTo("9000");
        assertThat(channel.module()).isEqualTo("old");
        assertThat(unbind).isNotDone();
        channel.exchange(Apdus.END);

        get(unbind);
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(1));
        assertThat(channel.module()).isEqualTo("new");
        assertThat(fixture.manager().modules()).singleElement().satisfies(report -> assertThat(report.name()).isEqualTo("new"));
    }

    @Test
    void unbindLosesSessionsAtTheDeadline() throws Exception {
        fixture.settings.drainMillis = 60;
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        fixture.unbind(old);
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.UPDATE))
                .withMessageContaining("Module old goes.");
        fixture.assertNothingLeft();
    }

    @Test
    void unbindWaitsForAChannelThatIsAboutToOpen() throws Exception {
        FakeModule old = fixture.module("old", 9);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        old.openScript = () -> {
            inside.countDown();
            pass(gate);
        };
        CompletableFuture<Channel> opening = run(fixture::open);
        pass(inside);
        fixture.module("new", 9);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        await().during(Duration.ofMillis(50)).until(() -> !unbind.isDone());
        gate.countDown();
        get(unbind);
        assertThat(get(opening).exchange(Apdus.READ)).hasSize(6);
        assertThat(get(opening).module()).isEqualTo("new");
    }

    @Test
    void unbindWaitsForAChannelThatIsAboutToMoveThere() throws Exception {
        fixture.module("first", 9);
        Channel channel = fixture.open();
        FakeModule old = fixture.module("old", 9);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        old.resumeScript = () -> {
            inside.countDown();
            pass(gate);
        };
        CompletableFuture<?> drain = run(() -> fixture.manager().drain("first", Fixture.SOON));
        pass(inside);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        await().during(Duration.ofMillis(50)).until(() -> !unbind.isDone());
        gate.countDown();
        get(unbind);
        get(drain);
        assertThat(channel.isOpen()).isTrue();
        fixture.module("new", 9);
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(0));
    }

    @Test
    void unbindWaitsForTheAnswerOfAModuleThatIsAskedForItsState() throws Exception {
        FakeModule old = fixture.module("old", 9);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        old.statusScript = () -> {
            inside.countDown();
            pass(gate);
        };
        pass(inside);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        await().during(Duration.ofMillis(50)).until(() -> !unbind.isDone());
        gate.countDown();
        get(unbind);
    }

    @Test
    void nothingKeepsAModuleThatGoes() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);

        fixture.manager().drain("old", Fixture.SOON);
        fixture.manager().undrain("old");
        old.become(ModuleState.OFFLINE, "It does not answer.");
        await().until(() -> fixture.slot(old).status().state() == ModuleState.OFFLINE);
        old.become(ModuleState.OPERATIONAL, "It serves.");
        await().until(() -> fixture.slot(old).status().state() == ModuleState.OPERATIONAL);

        assertThat(fixture.slot(old).leaving).isTrue();
        assertThat(unbind).isNotDone();
        channel.exchange(Apdus.END);
        get(unbind);
    }

    @Test
    void undrainsTheOneThatStaysOfTwoModulesOfTheSameName() throws Exception {
        FakeModule old = fixture.module("same", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        FakeModule next = fixture.module("same", 9);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        fixture.manager().drain("same", Fixture.SOON);
        assertThat(fixture.slot(next).leaving).isTrue();
        fixture.manager().undrain("same");
        assertThat(fixture.slot(next).leaving).isFalse();
        assertThat(fixture.slot(old).leaving).isTrue();
        channel.exchange(Apdus.END);
        get(unbind);
    }

    @Test
    void callsNothingAfterAnExchangeThatOutlivedTheDeadline() throws Exception {
        fixture.settings.drainMillis = 30;
        FakeModule old = fixture.module("old", 9);
        Channel session = fixture.open();
        session.exchange(Apdus.BEGIN);
        Channel idle = fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(2);
        old.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<byte[]> first = run(() -> session.exchange(Apdus.UPDATE));
        CompletableFuture<byte[]> second = run(() -> idle.exchange(Apdus.READ));
        pass(inside);

        fixture.unbind(old);
        assertThat(old.lateCalls).as("the two that do not come back").hasValue(2);
        old.lateCalls.set(0);
        gate.countDown();

        assertThat(hex(get(first))).isEqualTo("9000");
        assertThat(hex(get(second))).isEqualTo(selected(0));
        for (Channel channel : List.of(session, idle)) {
            assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.READ))
                    .withMessageContaining("Module old goes.");
            channel.close();
        }
        old.open.clear();
        fixture.assertNothingLeft();
    }

    @Test
    void anInterruptedUnbindLeavesNoChannelOnTheModule() throws Exception {
        FakeModule old = fixture.module("old", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        Running<Boolean> interrupted = run(() -> {
            fixture.unbind(old);
            return Thread.currentThread().isInterrupted();
        });
        awaitLeaving(old);
        interrupted.interrupt();
        assertThat(get(interrupted)).isTrue();
        assertThat(channel.isOpen()).isFalse();
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.UPDATE));
    }

    @Test
    void stopsInTimeWhenAnExchangeDoesNotComeBack() throws Exception {
        FakeModule stuck = fixture.module("stuck", 9);
        Channel channel = fixture.open();
        Channel other = fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        stuck.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        run(() -> channel.exchange(Apdus.READ));
        pass(inside);
        get(runs(fixture.manager()::stop));
        assertThat(other.isOpen()).isFalse();
    }

    @Test
    void opensOnAnotherModuleWhenTheTurnComesTooLate() throws Exception {
        fixture.settings.asyncThreads = 1;
        FakeModule busy = fixture.module("busy", 1, 1);
        CountDownLatch gate = fixture.gate();
        busy.openScript = () -> pass(gate);
        fixture.manager().openAsync(request(1, Fixture.SOON));
        FakeModule old = fixture.module("old", 1, 2);
        Channel held = fixture.open(2);
        CompletableFuture<Channel> waiter = fixture.manager().openAsync(request(2, Fixture.SOON)).toCompletableFuture();
        // Now it has its turn, but the only thread for it is busy.
        held.close();
        assertThat(fixture.slot(old).reserved).isEqualTo(1);
        int opened = old.opened.get();

        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(old));
        awaitLeaving(old);
        gate.countDown();
        get(unbind);

        fixture.module("new", 1, 2);
        assertThat(get(waiter).module()).isEqualTo("new");
        assertThat(old.opened).hasValue(opened);
    }
}
