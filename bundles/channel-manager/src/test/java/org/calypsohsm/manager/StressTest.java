package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.manager.Apdus.hex;
import static org.calypsohsm.manager.Apdus.select;
import static org.calypsohsm.manager.Apdus.selected;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.request;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Modules come and go while many threads work. The modules notice calls that come too late, and the threads wrong answers. */
@Timeout(30)
class StressTest {

    private static final Duration LENGTH = Duration.ofMillis(1500);
    private static final int LEAST_SWAPS = 10;
    private static final int CHANNELS = 12;

    private final Fixture fixture = new Fixture();
    private final AtomicInteger exchanges = new AtomicInteger();
    private final List<CompletableFuture<Void>> threads = new ArrayList<>();
    private volatile boolean stopped;

    @AfterEach
    void stop() {
        stopped = true;
        fixture.close();
    }

    @Test
    void losesNothingWhenTheNewModuleComesBeforeTheOldOneGoes() throws Exception {
        FakeModule[] current = {fixture.module("first", CHANNELS)};
        work();
        int swaps = swapUntilTheEnd(() -> {
            FakeModule old = current[0];
            current[0] = fixture.module("next", CHANNELS);
            fixture.unbind(old);
        });
        assertNothingLost(swaps);
    }

    @Test
    void losesNothingWhenTheOldModuleGoesBeforeTheNewOneComes() throws Exception {
        FakeModule[] current = {fixture.module("first", CHANNELS)};
        work();
        int swaps = swapUntilTheEnd(() -> {
            fixture.unbind(current[0]);
            current[0] = fixture.module("next", CHANNELS);
        });
        assertNothingLost(swaps);
    }

    @Test
    void losesNothingWhenModulesAreDrainedByCommand() throws Exception {
        fixture.module("a", CHANNELS);
        fixture.module("b", CHANNELS);
        work();
        int swaps = swapUntilTheEnd(() -> {
            for (String module : List.of("a", "b")) {
                assertThat(get(fixture.manager().drain(module, Fixture.SOON).toCompletableFuture()).lost()).isZero();
                fixture.manager().undrain(module);
            }
        });
        assertNothingLost(swaps);
    }

    private int swapUntilTheEnd(Fixture.ThrowingRunnable swap) throws Exception {
        int swaps = 0;
        long end = System.nanoTime() + LENGTH.toNanos();
        // A busy machine takes longer for enough of them.
        while ((System.nanoTime() - end < 0 || swaps <= LEAST_SWAPS) && threads.stream().noneMatch(CompletableFuture::isCompletedExceptionally)) {
            swap.run();
            swaps++;
        }
        stopped = true;
        return swaps;
    }

    private void assertNothingLost(int swaps) throws Exception {
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
        assertThat(swaps).isGreaterThan(LEAST_SWAPS);
        assertThat(exchanges).hasValueGreaterThan(1000);
        assertThat(fixture.modules).allSatisfy(module -> assertThat(module.lateCalls).hasValue(0));
        fixture.assertNothingLeft();
    }

    /** Some hold a channel, some open and close them, one does not wait for the answers. */
    private void work() {
        for (int i = 0; i < 3; i++) {
            threads.add(runs(() -> {
                try (Channel channel = fixture.open()) {
                    while (!stopped) {
                        workOn(channel);
                    }
                }
            }));
        }
        for (int i = 0; i < 2; i++) {
            threads.add(runs(() -> {
                while (!stopped) {
                    try (Channel channel = fixture.manager().open(request(0, Fixture.SOON))) {
                        workOn(channel);
                    }
                }
            }));
        }
        threads.add(runs(() -> {
            try (Channel channel = fixture.open()) {
                while (!stopped) {
                    int number = ThreadLocalRandom.current().nextInt();
                    channel.exchangeAsync(select(number));
                    assertThat(hex(get(channel.exchangeAsync(Apdus.READ).toCompletableFuture()))).isEqualTo(selected(number));
                    exchanges.addAndGet(2);
                }
            }
        }));
    }

    private void workOn(Channel channel) throws ChannelException {
        int number = ThreadLocalRandom.current().nextInt();
        channel.exchange(select(number));
        if (number % 4 == 0) {
            assertThat(hex(channel.exchange(Apdus.BEGIN))).isEqualTo("9000");
            for (int i = 0; i < 3; i++) {
                assertThat(hex(channel.exchange(Apdus.UPDATE))).as("a session goes on where it began").isEqualTo("9000");
            }
            assertThat(hex(channel.exchange(Apdus.END))).isEqualTo("9000");
        }
        assertThat(hex(channel.exchange(Apdus.READ))).as("the state moves with the channel").isEqualTo(selected(number));
        exchanges.incrementAndGet();
    }

    @Test
    void accountsForAllChannelsWhateverHappensAtTheSameTime() throws Exception {
        fixture.settings.drainMillis = 5;
        fixture.settings.graceMillis = 2;
        fixture.settings.watchMillis = 1;
        FakeModule kept = fixture.module("kept", 4);
        AtomicInteger opened = new AtomicInteger();
        for (int i = 0; i < 5; i++) {
            threads.add(runs(() -> {
                while (!stopped) {
                    openAndDoSomething(opened);
                }
            }));
        }
        int rounds = swapUntilTheEnd(() -> {
            FakeModule passing = fixture.module("passing", 3);
            fixture.manager().drain("kept", Duration.ofMillis(1));
            passing.become(ModuleState.FAILED, "It is broken.");
            fixture.manager().undrain("kept");
            fixture.unbind(passing);
        });
        for (CompletableFuture<Void> thread : threads) {
            get(thread);
        }
        assertThat(rounds).isGreaterThan(LEAST_SWAPS);
        assertThat(opened).hasValueGreaterThan(50);
        assertThat(fixture.modules).allSatisfy(module -> assertThat(module.lateCalls).hasValue(0));
        fixture.assertNothingLeft();
        assertThat(kept.channelsInUse()).isZero();
    }

    private void openAndDoSomething(AtomicInteger opened) throws InterruptedException {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        try (Channel channel = fixture.manager().open(request(0, Duration.ofMillis(random.nextInt(3))))) {
            opened.incrementAndGet();
            channel.exchangeAsync(Apdus.READ);
            if (random.nextBoolean()) {
                channel.exchange(Apdus.BEGIN);
            }
            channel.exchangeAll(List.of(Apdus.READ, Apdus.UPDATE));
            if (random.nextBoolean()) {
                channel.exchange(Apdus.END);
            }
        } catch (NoChannelFreeException e) {
            // All are taken, or the module is drained.
        } catch (ChannelException e) {
            // Its module failed, or went for longer than the grace time.
            assertThat(e).hasMessageContaining("Channel ").hasMessageContaining(" on module ");
        }
    }
}
