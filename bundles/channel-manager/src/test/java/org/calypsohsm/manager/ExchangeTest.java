package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Apdus.hex;
import static org.calypsohsm.manager.Apdus.select;
import static org.calypsohsm.manager.Apdus.selected;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.run;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

import org.calypsohsm.channel.BatchResult;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.module.ModuleException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ExchangeTest {

    /** All the ways in which a provider can fail an exchange. */
    private static final List<FakeModule.Script> FAULTS = List.of(
            command -> {
                throw new ModuleException(ModuleException.Reason.FAILED, "It is broken.");
            },
            command -> {
                throw new IllegalStateException("It is broken.");
            },
            command -> {
                throw new NoClassDefFoundError("It is broken.");
            },
            command -> null,
            command -> new byte[] {(byte) 0x90});

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    @Test
    void exchanges() throws Exception {
        fixture.module("a", 1);
        try (Channel channel = fixture.open()) {
            assertThat(hex(channel.exchange(select(42)))).isEqualTo("9000");
            assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(42));
            assertThat(hex(channel.exchange(Apdus.UNKNOWN))).isEqualTo("6D00");
            assertThat(fixture.manager().modules().get(0).exchanges()).isEqualTo(3);
        }
        fixture.assertNothingLeft();
    }

    @Test
    void closingTwiceGivesOneChannelBack() throws Exception {
        fixture.module("a", 2);
        Channel channel = fixture.open();
        Channel other = fixture.open();
        channel.close();
        channel.close();
        assertThat(fixture.manager().placement().slots().get(0).reserved).isEqualTo(1);
        other.close();
        fixture.assertNothingLeft();
    }

    @Test
    void saysThatAChannelIsClosed() throws Exception {
        fixture.module("a", 1);
        Channel channel = fixture.open();
        channel.close();
        assertThatExceptionOfType(ChannelClosedException.class).isThrownBy(() -> channel.exchange(Apdus.READ))
                .isExactlyInstanceOf(ChannelClosedException.class)
                .withMessage("Channel %d on module a: it is closed; open a new channel.", channel.id());
        assertThatExceptionOfType(ChannelClosedException.class).isThrownBy(() -> channel.exchangeAll(List.of(Apdus.READ)));
        assertThatExceptionOfType(ChannelClosedException.class)
                .isThrownBy(() -> get(channel.exchangeAsync(Apdus.READ).toCompletableFuture()));
    }

    @Test
    void takesAnIdleChannelBackWhenItsLeaseRunsOut() throws Exception {
        FakeModule a = fixture.module("a", 2);
        Channel idle = fixture.manager().open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ofMillis(40)));
        Channel forEver = fixture.manager().open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO));
        idle.exchange(Apdus.BEGIN);

        await().atMost(Fixture.SOON).until(() -> !idle.isOpen());

        assertThatExceptionOfType(ChannelExpiredException.class).isThrownBy(() -> idle.exchange(Apdus.READ))
                .withMessageContaining("Channel " + idle.id() + " on module a").withMessageContaining("40 ms");
        idle.close();
        assertThatExceptionOfType(ChannelExpiredException.class).isThrownBy(() -> idle.exchange(Apdus.READ));
        assertThat(forEver.isOpen()).isTrue();
        assertThat(a.open).hasSize(1);
        forEver.close();
        fixture.assertNothingLeft();
    }

    @Test
    void countsTheLeaseFromTheEndOfAnExchange() throws Exception {
        fixture.settings.watchMillis = 1;
        FakeModule a = fixture.module("a", 1);
        ManagedChannel channel = (ManagedChannel) fixture.manager()
                .open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ofMillis(500)));
        long[] started = new long[1];
        a.exchangeScript = command -> {
            started[0] = System.nanoTime();
            while (System.nanoTime() - started[0] < Duration.ofMillis(200).toNanos()) {
                Thread.onSpinWait();
            }
            return FakeModule.CARRY_OUT;
        };
        channel.exchange(Apdus.READ);
        // From its beginning the lease would have run out; the clock of the leases is late by less than the 100 ms between.
        channel.expireIfIdle(started[0] + Duration.ofMillis(600).toNanos());
        assertThat(channel.isOpen()).isTrue();
        channel.expireIfIdle(System.nanoTime() + Duration.ofMillis(500).toNanos());
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void refusesANullCommandWithoutHarm() throws Exception {
        fixture.module("a", 1);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        assertThatNullPointerException().isThrownBy(() -> channel.exchange(null));
        assertThatNullPointerException().isThrownBy(() -> channel.exchangeAll(Arrays.asList(Apdus.UPDATE, null)));
        assertThatNullPointerException().isThrownBy(() -> channel.exchangeAsync(null));
        assertThat(hex(channel.exchange(Apdus.UPDATE))).isEqualTo("9000");
    }

    // ---- batches

    @Test
    void stopsABatchAtTheFirstCommandThatIsNotCarriedOut() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = fixture.open();
        BatchResult stopped = channel.exchangeAll(List.of(select(1), Apdus.UNKNOWN, select(2)));
        assertThat(stopped.responses()).extracting(Apdus::hex).containsExactly("9000", "6D00");
        assertThat(stopped.isComplete()).isFalse();
        assertThat(a.exchanges).hasValue(2);
        assertThat(channel.exchangeAll(List.of(Apdus.READ, select(3), Apdus.READ)).responses())
                .extracting(Apdus::hex).containsExactly(selected(1), "9000", selected(3));
        assertThat(channel.exchangeAll(List.of()).isComplete()).isTrue();
    }

    @Test
    void letsNothingComeBetweenTheCommandsOfABatch() throws Exception {
        fixture.module("a", 1);
        Channel channel = fixture.open();
        int rounds = 2000;
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int thread = 1; thread <= 3; thread++) {
            int number = thread;
            threads.add(runs(() -> {
                for (int i = 0; i < rounds; i++) {
                    BatchResult result = channel.exchangeAll(List.of(select(number), Apdus.READ));
                    assertThat(hex(result.responses().get(1))).isEqualTo(selected(number));
                }
            }));
        }
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
    }

    // ---- threads

    @Test
    void carriesOutOneExchangeAtATimeOnAChannel() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = fixture.open();
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int thread = 0; thread < 6; thread++) {
            threads.add(runs(() -> {
                for (int i = 0; i < 1000; i++) {
                    channel.exchange(Apdus.READ);
                    if (i % 10 == 0) {
                        channel.exchangeAsync(Apdus.READ);
                    }
                }
            }));
        }
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
        get(channel.exchangeAsync(Apdus.READ).toCompletableFuture());
        assertThat(a.exchanges).hasValue(6 * 1100 + 1);
        channel.close();
        fixture.assertNothingLeft();
    }

    @Test
    void oneChannelDoesNotWaitForAnother() throws Exception {
        FakeModule a = fixture.module("a", 2);
        Channel slow = fixture.open();
        Channel fast = fixture.open();
        CountDownLatch gate = fixture.gate();
        a.exchangeScript = command -> {
            if (command == Apdus.UPDATE) {
                pass(gate);
            }
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<byte[]> held = run(() -> slow.exchange(Apdus.UPDATE));
        assertThat(hex(get(run(() -> fast.exchange(Apdus.READ))))).isEqualTo(selected(0));
        assertThat(held).isNotDone();
        gate.countDown();
        get(held);
    }

    @Test
    void carriesOutAsynchronousExchangesInOrder() throws Exception {
        fixture.module("a", 1);
        Channel channel = fixture.open();
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<byte[]>> futures = new ArrayList<>();
        byte[] command = select(0);
        for (int i = 0; i < 500; i++) {
            // The same array again and again: the caller may reuse it as soon as the call returns.
            System.arraycopy(select(i), 0, command, 0, command.length);
            futures.add(channel.exchangeAsync(command).toCompletableFuture());
            futures.add(channel.exchangeAsync(Apdus.READ).whenComplete((response, fault) -> answers.add(hex(response)))
                    .toCompletableFuture());
        }
        for (CompletableFuture<byte[]> future : futures) {
            get(future);
        }
        assertThat(answers).isEqualTo(IntStream.range(0, 500).mapToObj(Apdus::selected).toList());
    }

    @Test
    void anAsynchronousExchangeDoesNotWaitForTheOneInProgress() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<byte[]> inProgress = run(() -> channel.exchange(Apdus.READ));
        pass(inside);
        CompletableFuture<byte[]> next = get(run(() -> channel.exchangeAsync(Apdus.READ).toCompletableFuture()));
        assertThat(next).isNotDone();
        assertThat(inProgress).isNotDone();
        gate.countDown();
        assertThat(hex(get(next))).isEqualTo(selected(0));
    }

    // ---- modules that fail

    @Test
    void anotherModuleCarriesOutWhatOneFailsToWhenNoSessionIsRunning() throws Exception {
        for (FakeModule.Script fault : FAULTS) {
            try (Fixture fresh = new Fixture()) {
                FakeModule bad = fresh.module("bad", 9);
                FakeModule good = new FakeModule("good", 1);
                Channel channel = fresh.open();
                channel.exchange(select(7));
                fresh.bind(good);
                bad.exchangeScript = fault;

                assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(7));

                assertThat(channel.module()).isEqualTo("good");
                assertThat(fresh.slot(good).exchanges.sum()).isEqualTo(1);
                channel.close();
                fresh.assertNothingLeft();
            }
        }
    }

    @Test
    void saysThatTheModuleFailsWhenThereIsNoOther() throws Exception {
        FakeModule bad = fixture.module("bad", 1);
        FakeModule.Script works = bad.exchangeScript;
        Channel channel = fixture.open();
        channel.exchange(select(7));
        for (FakeModule.Script fault : FAULTS) {
            bad.exchangeScript = fault;
            assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> channel.exchange(Apdus.READ))
                    .withMessageContaining("Channel " + channel.id() + " on module bad")
                    .withMessageContaining("the channel stays open")
                    .withMessageMatching(".*(It is broken|without a status word).*");
            assertThatExceptionOfType(ModuleUnavailableException.class)
                    .isThrownBy(() -> get(channel.exchangeAsync(Apdus.READ).toCompletableFuture()));
        }
        bad.exchangeScript = works;
        assertThat(hex(channel.exchange(Apdus.READ))).isEqualTo(selected(7));
    }

    @Test
    void asksEachModuleOnceWhenAllFail() throws Exception {
        List<FakeModule> modules = List.of(fixture.module("a", 1), fixture.module("b", 1), fixture.module("c", 1));
        Channel channel = fixture.open();
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        modules.forEach(module -> module.exchangeScript = command -> {
            asked.add(module.info().name());
            throw new ModuleException(ModuleException.Reason.FAILED, "It is broken.");
        });
        assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> channel.exchange(Apdus.READ));
        assertThat(asked).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        fixture.assertNothingLeft();
    }

    @Test
    void losesTheSessionWithTheModuleThatFails() throws Exception {
        for (FakeModule.Script fault : FAULTS) {
            try (Fixture fresh = new Fixture()) {
                FakeModule bad = fresh.module("bad", 9);
                Channel channel = fresh.open();
                channel.exchange(Apdus.BEGIN);
                fresh.module("good", 9);
                bad.exchangeScript = fault;
                for (int i = 0; i < 2; i++) {
                    assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.UPDATE))
                            .withMessageContaining("Channel " + channel.id() + " on module bad")
                            .withMessageContaining("session in progress is lost")
                            .withMessageMatching(".*(It is broken|without a status word).*");
                }
                assertThat(channel.isOpen()).isFalse();
                assertThat(fresh.slot(bad).report().lost()).isEqualTo(1);
                fresh.assertNothingLeft();
            }
        }
    }

    @Test
    void losesTheSessionWhenTheModuleDoesNotEvenTellWhetherThereIsOne() throws Exception {
        FakeModule bad = fixture.module("bad", 9);
        Channel channel = fixture.open();
        fixture.module("good", 9);
        bad.hidesIdleState = true;
        bad.exchangeScript = FAULTS.get(0);
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.READ));
        fixture.assertNothingLeft();
    }

    @Test
    void goesOnWithAsynchronousExchangesAfterAnError() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = fixture.open();
        AtomicBoolean once = new AtomicBoolean();
        a.exchangeScript = command -> {
            if (once.compareAndSet(false, true)) {
                throw new StackOverflowError();
            }
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<byte[]> first = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        CompletableFuture<byte[]> second = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        assertThatExceptionOfType(ModuleUnavailableException.class).isThrownBy(() -> get(first));
        assertThat(hex(get(second))).isEqualTo(selected(0));
    }
}
