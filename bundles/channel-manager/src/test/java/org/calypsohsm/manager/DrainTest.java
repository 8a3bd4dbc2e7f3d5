package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Apdus.hex;
import static org.calypsohsm.manager.Apdus.select;
import static org.calypsohsm.manager.Apdus.selected;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.request;
import static org.calypsohsm.manager.Fixture.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DrainTest {

    private static final Duration LONG = Duration.ofSeconds(15);
    private static final Duration SHORT = Duration.ofMillis(60);

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private CompletableFuture<DrainReport> drain(String module, Duration deadline) {
        return fixture.manager().drain(module, deadline).toCompletableFuture();
    }

    private ModuleReport report(String module) {
        return fixture.manager().modules().stream().filter(report -> report.name().equals(module)).findFirst().orElseThrow();
    }

    /** Opens channels on a module, before there is another. */
    private List<Channel> openOn(FakeModule module, int count) throws Exception {
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Channel channel = fixture.open();
            assertThat(channel.module()).isEqualTo(module.info().name());
            channel.exchange(select(100 + i));
            channels.add(channel);
        }
        return channels;
    }

    @Test
    void movesIdleChannelsAtOnceWithoutTheirUsersNoticing() throws Exception {
        FakeModule a = fixture.module("a", 9);
        List<Channel> channels = openOn(a, 3);
        byte[] atr = channels.get(0).atr();
        FakeModule b = fixture.module("b", 9);

        DrainReport report = drain("a", LONG).getNow(null);

        assertThat(report).isNotNull();
        assertThat(report.module()).isEqualTo("a");
        assertThat(List.of(report.moved(), report.closed(), report.lost(), report.waiting())).containsExactly(3, 0, 0, 0);
        assertThat(report.took()).isLessThan(LONG);
        for (int i = 0; i < 3; i++) {
            assertThat(channels.get(i).module()).isEqualTo("b");
            assertThat(hex(channels.get(i).exchange(Apdus.READ))).isEqualTo(selected(100 + i));
        }
        assertThat(channels.get(0).atr()).isEqualTo(atr);
        assertThat(a.open).isEmpty();
        assertThat(b.open).hasSize(3);
        assertThat(report("a").movedOut()).isEqualTo(3);
        assertThat(report("b").movedIn()).isEqualTo(3);
    }

    @Test
    void opensNoNewChannelsOnADrainedModuleUntilItIsUndrained() throws Exception {
        fixture.module("a", 9);
        get(drain("a", LONG));
        assertThat(report("a").state()).isEqualTo("DRAINING");
        assertThat(report("a").sentence()).contains("by command");
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, Duration.ZERO)))
                .withMessageContaining("a 0 of 9 in use, DRAINING");
        CompletableFuture<Channel> waiter = run(fixture::open);
        fixture.awaitWaiting(1);

        fixture.manager().undrain("a");

        assertThat(get(waiter).module()).isEqualTo("a");
        assertThat(report("a").state()).isEqualTo("OPERATIONAL");
    }

    @Test
    void letsASessionEndWhereItBegan() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        channel.exchange(Apdus.BEGIN);
        fixture.module("b", 9);

        CompletableFuture<DrainReport> drain = drain("a", LONG);

        for (int i = 0; i < 3; i++) {
            assertThat(hex(channel.exchange(Apdus.UPDATE))).isEqualTo("9000");
            assertThat(channel.module()).isEqualTo("a");
        }
        assertThat(drain).isNotDone();
        assertThat(hex(channel.exchange(Apdus.END))).isEqualTo("9000");
        assertThat(channel.module()).isEqualTo("b");
        assertThat(get(drain).moved()).isEqualTo(1);
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(100));
    }

    @Test
    void losesSessionsAtTheDeadlineAndSaysSo() throws Exception {
        FakeModule a = fixture.module("a", 9);
        List<Channel> channels = openOn(a, 5);
        channels.get(0).exchange(Apdus.BEGIN);
        channels.get(1).exchange(Apdus.BEGIN);
        channels.get(2).exchange(Apdus.BEGIN);
        fixture.module("b", 1);

        CompletableFuture<DrainReport> drain = drain("a", SHORT);
        channels.get(2).close();
        DrainReport report = get(drain);

        // One of the two idle channels finds room.
        assertThat(List.of(report.moved(), report.closed(), report.lost(), report.waiting())).containsExactly(1, 1, 2, 1);
        assertThat(report.took()).isGreaterThanOrEqualTo(SHORT);
        for (Channel lost : channels.subList(0, 2)) {
            assertThat(lost.isOpen()).isFalse();
            assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> lost.exchange(Apdus.UPDATE))
                    .withMessageContaining("Channel " + lost.id() + " on module a: Module a is drained by command.")
                    .withMessageContaining("at the drain deadline");
        }
        assertThat(a.open).isEmpty();
        assertThat(report("a").lost()).isEqualTo(2);
        for (Channel idle : channels.subList(3, 5)) {
            idle.close();
        }
        fixture.assertNothingLeft();
    }

    @Test
    void channelsWithoutRoomElsewhereComeBackWhenTheModuleIsUndrained() throws Exception {
        FakeModule a = fixture.module("a", 9);
        List<Channel> channels = openOn(a, 3);

        assertThat(get(drain("a", LONG)).waiting()).isEqualTo(3);
        assertThat(a.open).isEmpty();
        fixture.manager().undrain("a");

        assertThat(a.open).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(hex(channels.get(i).exchange(Apdus.READ))).isEqualTo(selected(100 + i));
        }
    }

    @Test
    void undrainSparesTheSessionsThatAreStillThere() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        channel.exchange(Apdus.BEGIN);

        CompletableFuture<DrainReport> first = drain("a", SHORT);
        fixture.manager().undrain("a");
        CompletableFuture<DrainReport> second = drain("a", LONG);

        assertThat(get(first).lost()).isZero();
        await().during(SHORT.multipliedBy(2)).atMost(Fixture.SOON).until(channel::isOpen);
        assertThat(hex(channel.exchange(Apdus.UPDATE))).isEqualTo("9000");
        assertThat(second).isNotDone();
        fixture.manager().undrain("a");
        assertThat(get(second).lost()).isZero();
    }

    @Test
    void aDeadlineThatPassedCountsNoMoreAfterUndrain() throws Exception {
        FakeModule a = fixture.module("a", 9);
        openOn(a, 1).get(0).exchange(Apdus.BEGIN);
        assertThat(get(drain("a", SHORT)).lost()).isEqualTo(1);
        fixture.manager().undrain("a");
        Channel channel = openOn(a, 1).get(0);
        channel.exchange(Apdus.BEGIN);
        drain("a", LONG);
        assertThat(hex(channel.exchange(Apdus.UPDATE))).isEqualTo("9000");
    }

    @Test
    void saysWhichModulesArePresentWhenItIsToldToDrainAnother() {
        fixture.module("a", 9);
        fixture.module("b", 9);
        assertThatIllegalArgumentException().isThrownBy(() -> fixture.manager().drain("c", LONG))
                .withMessageContaining("No module c is present").withMessageContaining("[a, b]");
        assertThatIllegalArgumentException().isThrownBy(() -> fixture.manager().undrain("c")).withMessageContaining("[a, b]");
    }

    @Test
    void triesAnotherModuleWhenOneRefusesTheState() throws Exception {
        List<FakeModule.OpenScript> refusals = List.of(
                () -> {
                    throw new ModuleException(ModuleException.Reason.STATE_REFUSED, "Not this state.");
                },
                () -> {
                    throw new IllegalStateException("broken");
                },
                () -> {
                    throw new NoClassDefFoundError("its bundle was updated");
                });
        for (FakeModule.OpenScript refusal : refusals) {
            try (Fixture fresh = new Fixture()) {
                fresh.module("a", 9);
                Channel channel = fresh.open();
                channel.exchange(select(5));
                FakeModule refuser = fresh.module("refuser", 9);
                fresh.module("good", 2);
                // Then the one that refuses is asked first.
                fresh.open(0);
                refuser.resumeScript = refusal;
                assertThat(get(fresh.manager().drain("a", LONG).toCompletableFuture()).moved()).isGreaterThan(0);
                assertThat(channel.module()).isEqualTo("good");
                assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(5));
                assertThat(fresh.slot(refuser).reserved).isEqualTo(refuser.open.size());
            }
        }
    }

    @Test
    void staysWhereItCanWhenAModuleGivesNoChannel() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        FakeModule b = fixture.module("b", 9);
        b.givesNull = true;
        assertThat(get(drain("a", LONG)).waiting()).isEqualTo(1);
        b.givesNull = false;
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(100));
        assertThat(channel.module()).isEqualTo("b");
        channel.close();
        fixture.assertNothingLeft();
    }

    @Test
    void endsAtTheDeadlineAlsoWhenAnExchangeDoesNotComeBack() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel stuck = openOn(a, 1).get(0);
        stuck.exchange(Apdus.BEGIN);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<byte[]> exchange = run(() -> stuck.exchange(Apdus.UPDATE));
        pass(inside);

        assertThat(get(drain("a", SHORT)).lost()).isZero();
        gate.countDown();

        // It was carried out, so its response counts; only the session does not go on.
        assertThat(hex(get(exchange))).isEqualTo("9000");
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> stuck.exchange(Apdus.UPDATE))
                .withMessageContaining("at the drain deadline");
        fixture.assertNothingLeft();
    }

    @Test
    void endsWithinTheDeadlineHoweverManyExchangesDoNotComeBack() throws Exception {
        FakeModule a = fixture.module("a", 40);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(40);
        List<Channel> channels = openOn(a, 40);
        a.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        channels.forEach(channel -> run(() -> channel.exchange(Apdus.READ)));
        pass(inside);
        long start = System.nanoTime();
        get(drain("a", SHORT));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void drainsWhileAModuleHoldsUpAllAsynchronousExchanges() throws Exception {
        FakeModule stuck = fixture.module("stuck", 9, 1);
        fixture.module("a", 9, 2);
        CountDownLatch gate = fixture.gate();
        stuck.exchangeScript = command -> {
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        for (int i = 0; i < 5; i++) {
            fixture.open(1).exchangeAsync(Apdus.READ);
        }
        Channel channel = fixture.open(2);
        channel.exchange(Apdus.BEGIN);
        CompletableFuture<DrainReport> drain = drain("a", LONG);
        channel.exchange(Apdus.END);
        assertThat(get(drain).waiting()).isEqualTo(1);
    }

    // ---- modules that stop serving by themselves

    @Test
    void evacuatesAModuleThatStopsServing() throws Exception {
        for (ModuleState state : List.of(ModuleState.END_OF_LIFE, ModuleState.FAILED, ModuleState.OFFLINE)) {
            try (Fixture fresh = new Fixture()) {
                FakeModule a = fresh.module("a", 9);
                Channel channel = fresh.open();
                channel.exchange(select(3));
                fresh.module("b", 9);
                a.become(state, "It is used up.");
                await().atMost(Fixture.SOON).until(() -> channel.module().equals("b"));
                assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(3));
                assertThat(fresh.slot(a).report().state()).isEqualTo(state.name());
                assertThat(fresh.slot(a).report().sentence()).isEqualTo("It is used up.");
            }
        }
    }

    @Test
    void evacuatesAModuleWhoseEndAnExchangeFoundOut() throws Exception {
        fixture.settings.watchMillis = 300;
        FakeModule a = fixture.module("a", 9);
        List<Channel> channels = openOn(a, 2);
        fixture.module("b", 9);
        a.become(ModuleState.END_OF_LIFE, "It is used up.");
        a.exchangeScript = command -> {
            throw new ModuleException(ModuleException.Reason.NOT_SERVING, "It is used up.");
        };
        assertThat(hex(channels.get(0).exchange(Apdus.READ))).isEqualTo(selected(100));
        await().atMost(Fixture.SOON).until(() -> channels.get(1).module().equals("b"));
    }

    @Test
    void anExchangeWaitsForASuccessorOfAModuleThatStoppedServing() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        a.become(ModuleState.END_OF_LIFE, "It is used up.");
        a.exchangeScript = command -> {
            throw new ModuleException(ModuleException.Reason.NOT_SERVING, "It is used up.");
        };
        CompletableFuture<byte[]> exchange = run(() -> channel.exchange(Apdus.READ));
        CompletableFuture<byte[]> later = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        await().until(() -> ((ManagedChannel) channel).isParked());
        fixture.module("b", 9);
        assertThat(hex(get(exchange))).isEqualTo(selected(100));
        assertThat(hex(get(later))).isEqualTo(selected(100));
    }

    @Test
    void losesASessionOnAModuleThatStoppedServingAtTheDeadline() throws Exception {
        fixture.settings.drainMillis = 60;
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        channel.exchange(Apdus.BEGIN);
        a.become(ModuleState.FAILED, "It is broken.");
        await().atMost(Fixture.SOON).until(() -> !channel.isOpen());
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.UPDATE))
                .withMessageContaining("It is broken.");
        fixture.assertNothingLeft();
    }

    @Test
    void servesAgainWhenAModuleRecovers() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel channel = openOn(a, 1).get(0);
        a.become(ModuleState.FAILED, "It is broken.");
        await().atMost(Fixture.SOON).until(() -> ((ManagedChannel) channel).isParked());
        a.become(ModuleState.OPERATIONAL, "It serves.");
        await().atMost(Fixture.SOON).until(() -> !((ManagedChannel) channel).isParked());
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(100));
        assertThat(fixture.open().module()).isEqualTo("a");
    }

    @Test
    void aModuleThatIsDrainedByCommandStaysSoWhenItRecovers() throws Exception {
        FakeModule a = fixture.module("a", 9);
        get(drain("a", LONG));
        a.become(ModuleState.FAILED, "It is broken.");
        await().until(() -> report("a").state().equals("FAILED"));
        a.become(ModuleState.OPERATIONAL, "It serves.");
        await().until(() -> report("a").state().equals("DRAINING"));
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, SHORT)));
        fixture.manager().undrain("a");
        fixture.open();
    }

    @Test
    void aModuleThatDoesNotTellItsStateHasFailed() throws Exception {
        FakeModule a = fixture.module("a", 9);
        fixture.module("b", 9);
        AtomicBoolean broken = new AtomicBoolean(true);
        a.statusScript = () -> {
            if (broken.get()) {
                throw new IllegalStateException("no answer");
            }
        };
        await().until(() -> report("a").state().equals("FAILED"));
        assertThat(report("a").sentence()).contains("Module a does not tell its state").contains("no answer");
        assertThat(fixture.open().module()).isEqualTo("b");
        broken.set(false);
        await().until(() -> report("a").state().equals("OPERATIONAL"));
    }

    @Test
    void deadlinesPassAlsoWhileAModuleIsSlowToTellItsState() throws Exception {
        FakeModule slow = fixture.module("slow", 1);
        fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch asked = new CountDownLatch(1);
        slow.statusScript = () -> {
            asked.countDown();
            pass(gate);
        };
        pass(asked);
        CompletableFuture<Channel> waiter = fixture.manager().openAsync(request(0, SHORT)).toCompletableFuture();
        assertThatExceptionOfType(NoChannelFreeException.class).isThrownBy(() -> get(waiter));
    }
}
