package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CompletableFuture;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ModuleReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TimedExchangesTest {

    private static final int SAMPLE = 64;

    private final Fixture fixture = new Fixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private ModuleReport report() {
        return fixture.manager().modules().get(0);
    }

    @Test
    void oneOfSixtyFourExchangesIsTimed() throws Exception {
        fixture.module("main", 1, 0);
        Channel channel = fixture.open();
        for (int i = 0; i < 3 * SAMPLE; i++) {
            channel.exchange(Apdus.READ);
        }

        assertThat(report().exchanges()).isEqualTo(3 * SAMPLE);
        assertThat(report().times().timed()).isEqualTo(3);
        assertThat(report().times().sum()).isPositive();
    }

    @Test
    void channelsThatCloseAfterOneExchangeAreTimedToo() throws Exception {
        fixture.module("main", 1, 0);
        for (int i = 0; i < SAMPLE; i++) {
            try (Channel channel = fixture.open()) {
                channel.exchange(Apdus.READ);
            }
        }

        assertThat(report().times().timed()).isEqualTo(1);
    }

    @Test
    void aResponseThatIsHeldBackIsTimedUntilItMayLeave() throws Exception {
        FakeModule module = fixture.module("main", 1, 0);
        Channel channel = fixture.open();
        for (int i = 0; i < SAMPLE - (int) channel.id(); i++) {
            channel.exchange(Apdus.READ);
        }
        CompletableFuture<Void> commit = new CompletableFuture<>();
        module.commit = commit;
        CompletableFuture<byte[]> response = channel.exchangeAsync(Apdus.READ).toCompletableFuture();
        await().until(() -> report().exchanges() == SAMPLE - channel.id() + 1);

        assertThat(report().times().timed()).isZero();
        commit.complete(null);
        assertThat(response.get()).isNotEmpty();
        assertThat(report().times().timed()).isEqualTo(1);
    }

    @Test
    void theReportTellsTheLifetimeOfAModuleThatHasOne() {
        FakeModule module = fixture.module("main", 1, 0);
        assertThat(report().operationsTotal()).isZero();

        module.operationsUsed = 7;
        await().until(() -> report().operationsUsed() == 7);
    }

    @Test
    void whoWaitsIsCounted() throws Exception {
        fixture.module("main", 1, 0);
        Channel channel = fixture.open();
        assertThat(fixture.manager().waiting()).isZero();

        CompletableFuture<Channel> waiter = fixture.manager().openAsync(Fixture.request(0, Fixture.SOON)).toCompletableFuture();
        fixture.awaitWaiting(1);
        assertThat(fixture.manager().waiting()).isEqualTo(1);
        channel.close();
        waiter.get().close();
        assertThat(fixture.manager().waiting()).isZero();
    }
}
