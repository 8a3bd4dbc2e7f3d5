package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.request;
import static org.calypsohsm.manager.Fixture.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A module that has room and yet no channel for a key group, since the quota of that group is used up. */
@Timeout(20)
class QuotaTest {

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static FakeModule.Quota quota(int keyGroup, int limit, FakeModule... modules) {
        FakeModule.Quota quota = new FakeModule.Quota(keyGroup, limit);
        for (FakeModule module : modules) {
            module.quota = quota;
        }
        return quota;
    }

    @Test
    void saysThatTheQuotaIsUsedUp() throws Exception {
        FakeModule a = fixture.module("a", 9);
        quota(0, 1, a);
        Channel held = fixture.open();
        // The second has not asked the module itself, since that is left alone just now.
        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(NoChannelFreeException.class)
                    .isThrownBy(() -> fixture.manager().open(request(0, Duration.ZERO)))
                    .withMessageContaining("a 1 of 9 in use, OPERATIONAL; last refusal: a: Module a: key group 0 has its 1 channels in use (quota).");
        }
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, Duration.ofMillis(20)))).withMessageContaining("(quota)");
        held.close();
        fixture.assertNothingLeft();
    }

    @Test
    void triesTheOtherModules() throws Exception {
        FakeModule limited = fixture.module("limited", 9);
        quota(0, 0, limited);
        fixture.module("other", 2);
        assertThat(fixture.manager().open(request(0, Duration.ZERO)).module()).isEqualTo("other");
        assertThat(fixture.open().module()).isEqualTo("other");
    }

    /** With a watch that never comes by and a refusal just before, only the end of the channel itself can wake the waiter. */
    @Test
    void aWaiterGetsItsTurnWhenAChannelOfTheGroupEnds() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        quota(0, 1, a);
        Channel held = fixture.open();
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Channel> waiter = run(fixture::open);
            fixture.awaitWaiting(1);
            held.close();
            held = get(waiter);
        }
        held.close();
        fixture.assertNothingLeft();
    }

    @Test
    void aChannelThatEndsWhileAnotherIsRefusedIsNotMissed() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        Channel held = fixture.open();
        AtomicInteger asked = new AtomicInteger();
        a.openScript = () -> {
            if (asked.getAndIncrement() == 0) {
                held.close();
                throw new ModuleException(ModuleException.Reason.FULL, "It was full a moment ago.");
            }
        };
        assertThat(fixture.open().isOpen()).isTrue();
        assertThat(asked).hasValue(2);
    }

    @Test
    void aChannelThatEndsOnAnotherModuleOfTheSameQuotaMakesRoomToo() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 1);
        FakeModule b = fixture.module("b", 9, 0, 1);
        quota(0, 2, a, b);
        Channel first = fixture.open();
        Channel second = fixture.open();
        Channel onB = first.module().equals("b") ? first : second;
        Channel onA = onB == first ? second : first;
        assertThat(List.of(onA.module(), onB.module())).containsExactly("a", "b");
        a.become(ModuleState.OFFLINE, "It does not answer.");
        fixture.slot(a).refresh();
        CompletableFuture<Channel> waiter = run(fixture::open);
        fixture.awaitWaiting(1);
        onA.close();
        assertThat(get(waiter).module()).isEqualTo("b");
    }

    @Test
    void theRefusalOfOneKeyGroupKeepsNoOtherFromOpening() throws Exception {
        FakeModule a = fixture.module("a", 9, 0, 1);
        quota(1, 0, a);
        for (int i = 0; i < 5; i++) {
            assertThatExceptionOfType(NoChannelFreeException.class)
                    .isThrownBy(() -> fixture.manager().open(request(1, Duration.ZERO)));
            assertThat(fixture.manager().open(request(0, Duration.ZERO)).isOpen()).isTrue();
        }
    }

    @Test
    void noneOvertakesTheQueueAndOnlyOneAsksInVain() throws Exception {
        FakeModule a = fixture.module("a", 99);
        FakeModule.Quota quota = quota(0, 1, a);
        Channel held = fixture.open();
        List<CompletableFuture<Channel>> waiters = new ArrayList<>();
        long start = System.nanoTime();
        waiters.add(fixture.manager().openAsync(request(0, Fixture.SOON)).toCompletableFuture());
        // The first has asked and was refused before the others come.
        fixture.awaitWaiting(1);
        for (int i = 1; i < 30; i++) {
            waiters.add(fixture.manager().openAsync(request(0, Fixture.SOON)).toCompletableFuture());
        }
        fixture.awaitWaiting(30);
        for (CompletableFuture<Channel> waiter : waiters) {
            held.close();
            held = get(waiter);
        }
        int trials = (int) (Duration.ofNanos(System.nanoTime() - start).toMillis() / 100);
        assertThat(quota.refusals.get()).as("the first, and one for each time it was tried again").isBetween(1, 1 + trials);
        held.close();
        fixture.assertNothingLeft();
    }

    @Test
    void oneOfAllWhoWaitIsTriedNowAndThen() throws Exception {
        FakeModule a = fixture.module("a", 99);
        FakeModule.Quota quota = quota(0, 1, a);
        fixture.open();
        long start = System.nanoTime();
        fixture.manager().openAsync(request(0, Fixture.SOON));
        fixture.awaitWaiting(1);
        for (int i = 1; i < 30; i++) {
            fixture.manager().openAsync(request(0, Fixture.SOON));
        }
        await().pollInterval(Duration.ofMillis(1)).until(() -> quota.refusals.get() >= 4);
        int trials = (int) (Duration.ofNanos(System.nanoTime() - start).toMillis() / 100);
        assertThat(quota.refusals.get()).isLessThanOrEqualTo(1 + trials);
    }

    @Test
    void aQuotaThatIsRaisedIsNoticed() throws Exception {
        FakeModule a = fixture.module("a", 9);
        FakeModule.Quota quota = quota(0, 1, a);
        fixture.open();
        CompletableFuture<Channel> waiter = run(fixture::open);
        CompletableFuture<Channel> another = run(fixture::open);
        fixture.awaitWaiting(2);
        quota.limit = 3;
        assertThat(get(waiter).isOpen()).isTrue();
        assertThat(get(another).isOpen()).isTrue();
        assertThat(fixture.manager().placement().refusal(0)).as("it refuses no more").isNull();
    }

    @Test
    void aTurnThatIsNotTakenGoesToTheNext() throws Exception {
        fixture.settings.watchMillis = 60_000;
        fixture.settings.asyncThreads = 1;
        FakeModule a = fixture.module("a", 9, 0, 1);
        quota(0, 1, a);
        Channel held = fixture.open();
        CompletableFuture<Channel> first = fixture.manager().openAsync(request(0, Fixture.SOON)).toCompletableFuture();
        CompletableFuture<Channel> second = fixture.manager().openAsync(request(0, Fixture.SOON)).toCompletableFuture();
        fixture.awaitWaiting(2);
        // The only thread that opens is held up, so that a turn is given and not taken yet.
        CountDownLatch gate = fixture.gate();
        a.openScript = () -> Fixture.pass(gate);
        CompletableFuture<Channel> busy = fixture.manager().openAsync(request(1, Fixture.SOON)).toCompletableFuture();
        await().pollInterval(Duration.ofMillis(1)).until(() -> fixture.manager().placement().reserved(fixture.slot(a)) == 2);
        held.close();
        // The second may be on trial by now, which is not what is tested here.
        await().pollInterval(Duration.ofMillis(1)).until(() -> fixture.manager().placement().waiting() < 2);
        first.cancel(false);
        gate.countDown();
        assertThat(get(busy).isOpen()).isTrue();
        assertThat(get(second).isOpen()).isTrue();
    }

    @Test
    void aChannelMovesToAModuleWhereTheQuotaIsUsedUp() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.select(7));
        FakeModule b = fixture.module("b", 9);
        FakeModule.Quota quota = quota(0, 1, a, b);
        quota.inUse.set(1);
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(request(0, Duration.ZERO)));
        // Within the time that both modules are left alone by those who open.
        fixture.manager().drain("a", Duration.ZERO);
        assertThat(channel.module()).isEqualTo("b");
    }

    @Test
    void aModuleThatIsBrokenIsStillLeftAloneForAMoment() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        a.openScript = () -> {
            throw new ModuleException(ModuleException.Reason.FAILED, "It is broken.");
        };
        FakeModule b = fixture.module("b", 1);
        Channel elsewhere = fixture.open();
        assertThat(elsewhere.module()).isEqualTo("b");
        CompletableFuture<Channel> waiter = run(fixture::open);
        fixture.awaitWaiting(1);
        elsewhere.close();
        assertThat(get(waiter).module()).isEqualTo("b");
        assertThat(b.opened).hasValue(2);
    }

    @Test
    void throughputWithAQuotaOfOneDoesNotWaitForTheWatch() throws Exception {
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        quota(0, 1, a);
        List<CompletableFuture<Integer>> users = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            users.add(run(() -> {
                int opened = 0;
                for (; opened < 200; opened++) {
                    fixture.open().close();
                }
                return opened;
            }));
        }
        for (CompletableFuture<Integer> user : users) {
            assertThat(get(user)).isEqualTo(200);
        }
        fixture.assertNothingLeft();
    }

    @Test
    void whileAModuleWaitsForItsKeysNoKeyGroupIsUnknown() throws Exception {
        FakeModule a = fixture.module("a", 9);
        a.serve();
        for (ModuleState state : List.of(ModuleState.LOCKED, ModuleState.SELF_TEST)) {
            a.become(state, "It waits.");
            fixture.slot(a).refresh();
            assertThatExceptionOfType(NoChannelFreeException.class)
                    .isThrownBy(() -> fixture.manager().open(request(5, Duration.ZERO)))
                    .withMessageContaining("a 0 of 9 in use, " + state);
        }
        CompletableFuture<Channel> waiter = run(() -> fixture.open(5));
        fixture.awaitWaiting(1);
        a.serve(5);
        a.become(ModuleState.OPERATIONAL, "It serves.");
        assertThat(get(waiter).isOpen()).isTrue();
    }
}
