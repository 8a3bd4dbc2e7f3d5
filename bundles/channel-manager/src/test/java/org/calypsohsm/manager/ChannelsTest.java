package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The list of the open channels. */
@Timeout(20)
class ChannelsTest {

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() {
        fixture.close();
    }

    @Test
    void listsEachOpenChannelInTheOrderOfTheirNumbers() throws Exception {
        assertThat(fixture.manager().channels()).isEmpty();
        fixture.module("a", 3, 0, 5);
        Channel first = fixture.open(5);
        Channel second = fixture.open(0);
        fixture.module("b", 99);
        Channel third = fixture.open(0);
        assertThat(fixture.manager().channels()).extracting(ChannelReport::id).containsExactly(first.id(), second.id(), third.id());
        assertThat(fixture.manager().channels()).extracting(ChannelReport::keyGroup).containsExactly(5, 0, 0);
        assertThat(fixture.manager().channels()).extracting(ChannelReport::module).containsExactly("a", "a", "b");
        second.close();
        assertThat(fixture.manager().channels()).extracting(ChannelReport::id).containsExactly(first.id(), third.id());
    }

    @Test
    void aChannelThatWaitsForAModuleIsOnNone() throws Exception {
        FakeModule a = fixture.module("a", 3);
        Channel channel = fixture.open();
        a.become(ModuleState.LOCKED, "It was locked.");
        await().untilAsserted(() -> assertThat(fixture.manager().channels()).singleElement().satisfies(report -> {
            assertThat(report.id()).isEqualTo(channel.id());
            assertThat(report.module()).isNull();
        }));
        channel.close();
        assertThat(fixture.manager().channels()).isEmpty();
    }

    @Test
    void tellsHowLongAChannelIsIdle() throws Exception {
        fixture.module("a", 3);
        Channel channel = fixture.open();
        await().until(() -> fixture.manager().channels().get(0).idle().compareTo(Duration.ofMillis(300)) > 0);
        channel.exchange(Apdus.READ);
        // The clock of the leases is late by one tick.
        assertThat(fixture.manager().channels().get(0).idle()).isBetween(Duration.ZERO, Duration.ofMillis(250));
    }

    @Test
    void tellsHowLongASessionRuns() throws Exception {
        fixture.module("a", 3);
        Channel channel = fixture.open();
        assertThat(session()).isZero();
        channel.exchange(Apdus.BEGIN);
        await().until(() -> session().compareTo(Duration.ofMillis(300)) > 0);
        channel.exchange(Apdus.UPDATE);
        assertThat(session()).as("it goes on").isGreaterThan(Duration.ofMillis(300));
        channel.exchange(Apdus.END);
        assertThat(session()).isZero();
    }

    @Test
    void aModuleThatDoesNotTellOfSessionsLosesNone() throws Exception {
        FakeModule a = fixture.module("a", 3);
        Channel channel = fixture.open();
        a.hidesIdleState = true;
        channel.exchange(Apdus.BEGIN);
        assertThat(session()).isZero();
        assertThat(channel.exchange(Apdus.END)).isEqualTo(new byte[] {(byte) 0x90, 0});
    }

    private Duration session() {
        return fixture.manager().channels().get(0).session();
    }

    @Test
    void waitsForNoExchange() throws Exception {
        FakeModule a = fixture.module("a", 3);
        Channel channel = fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.exchangeScript = command -> {
            inside.countDown();
            pass(gate);
            return FakeModule.CARRY_OUT;
        };
        CompletableFuture<Void> exchange = runs(() -> channel.exchange(Apdus.READ));
        pass(inside);
        assertThat(fixture.manager().channels()).hasSize(1);
        assertThat(exchange).isNotDone();
        gate.countDown();
        get(exchange);
    }

    /** The provider holds up the close of what is left. */
    private CountDownLatch slowClose(FakeModule module) {
        CountDownLatch gate = fixture.gate();
        module.closeScript = () -> pass(gate);
        return gate;
    }

    @Test
    void aChannelIsListedWhileItLeavesASlowModule() throws Exception {
        FakeModule a = fixture.module("a", 3);
        Channel channel = fixture.open();
        CountDownLatch gate = slowClose(a);
        CompletableFuture<Void> parking = runs(() -> fixture.manager().drain("a", Duration.ZERO));
        await().untilAsserted(() -> assertThat(fixture.manager().channels()).singleElement()
                .satisfies(report -> assertThat(report.module()).isNull()));
        gate.countDown();
        get(parking);

        FakeModule b = fixture.module("b", 3);
        assertThat(channel.module()).isEqualTo("b");
        fixture.module("c", 3);
        CountDownLatch second = slowClose(b);
        CompletableFuture<Void> moving = runs(() -> fixture.manager().drain("b", Duration.ZERO));
        await().until(() -> !fixture.manager().channels().isEmpty() && fixture.manager().placement().reserved(fixture.slot(b)) == 1
                && fixture.manager().placement().slots().stream().mapToInt(slot -> fixture.manager().placement().reserved(slot)).sum() == 2);
        assertThat(fixture.manager().channels()).extracting(ChannelReport::id).containsExactly(channel.id());
        second.countDown();
        get(moving);
        assertThat(fixture.manager().channels()).extracting(ChannelReport::module).containsExactly("c");
    }

    @Test
    void aChannelIsNotListedAnyMoreWhileASlowModuleClosesIt() throws Exception {
        FakeModule a = fixture.module("a", 3);
        Channel channel = fixture.open();
        CountDownLatch gate = slowClose(a);
        CompletableFuture<Void> closing = runs(channel::close);
        await().until(() -> fixture.manager().channels().isEmpty());
        assertThat(closing).isNotDone();
        gate.countDown();
        get(closing);
    }

    @Test
    void noChannelIsMissingWhileTheyMove() throws Exception {
        List<Channel> channels = new ArrayList<>();
        fixture.module("a", 99);
        for (int i = 0; i < 50; i++) {
            channels.add(fixture.open());
        }
        fixture.module("b", 99);
        String[] names = {"a", "b"};
        for (int round = 0; round < 200; round++) {
            String left = names[round % 2];
            CompletableFuture<Void> move = runs(() -> {
                fixture.manager().drain(left, Duration.ZERO).toCompletableFuture().join();
                fixture.manager().undrain(left);
            });
            // No list is made while a channel moves twice: it could be missed then.
            do {
                assertThat(fixture.manager().channels()).hasSize(50);
            } while (!move.isDone());
            get(move);
        }
    }
}
