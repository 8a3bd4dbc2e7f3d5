package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Providers that do not come back from a call, and ones that answer what no SAM answers. */
@Timeout(30)
class StuckTest {

    private static final byte[] GET_CHALLENGE = {(byte) 0x80, (byte) 0x84, 0, 0, 4};
    private final Fixture fixture = new Fixture();

    @BeforeEach
    void lookSoon() {
        fixture.settings.stuckMillis = 50;
    }

    @AfterEach
    void end() {
        fixture.close();
    }

    private ModuleReport report(String module) {
        return fixture.manager().modules().stream().filter(report -> report.name().equals(module)).findFirst().orElseThrow();
    }

    @Test
    void aModuleThatDoesNotComeBackFromAnExchangeIsLeftUntilItDoes() throws Exception {
        FakeModule bad = fixture.module("bad", 10);
        Channel stuck = fixture.open();
        Channel idle = fixture.open();
        CountDownLatch gate = fixture.gate();
        bad.exchangeScript = command -> {
            Fixture.pass(gate);
            return FakeModule.CARRY_OUT;
        };
        fixture.module("good", 10);
        CompletableFuture<byte[]> exchange = stuck.exchangeAsync(GET_CHALLENGE).toCompletableFuture();

        await().until(() -> idle.module().equals("good"));
        assertThat(report("bad").state()).isEqualTo("DRAINING");
        assertThat(report("bad").sentence()).contains("bad", "an exchange on channel " + stuck.id() + " (in " + Fixture.class.getName() + ".pass)",
                "a fault of the provider (" + FakeModule.class.getName());
        for (int i = 0; i < 5; i++) {
            assertThat(fixture.open().module()).isEqualTo("good");
        }
        assertThat(exchange).isNotDone();

        gate.countDown();
        assertThat(exchange.get(5, TimeUnit.SECONDS)).isNotEmpty();
        await().until(() -> report("bad").state().equals("OPERATIONAL"));
    }

    @Test
    void asynchronousExchangesElsewhereGoOnHoweverManyAreStuck() throws Exception {
        FakeModule bad = fixture.module("bad", 10);
        CountDownLatch gate = fixture.gate();
        bad.exchangeScript = command -> {
            Fixture.pass(gate);
            return FakeModule.CARRY_OUT;
        };
        for (int i = 0; i < 2 * fixture.settings.asyncThreads; i++) {
            fixture.open().exchangeAsync(GET_CHALLENGE);
        }
        fixture.module("good", 1000);
        Channel channel = fixture.open();
        assertThat(channel.module()).isEqualTo("good");
        assertThat(channel.exchangeAsync(GET_CHALLENGE).toCompletableFuture().get(10, TimeUnit.SECONDS)).isNotEmpty();
    }

    @Test
    void whoOpensHasItsDeadlineAlsoIfTheModuleDoesNotComeBack() throws Exception {
        FakeModule bad = fixture.module("bad", 10);
        CountDownLatch gate = fixture.gate();
        bad.openScript = () -> Fixture.pass(gate);
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(Fixture.request(0, Duration.ofMillis(100))));
        assertThatExceptionOfType(NoChannelFreeException.class)
                .isThrownBy(() -> fixture.manager().open(Fixture.request(0, Duration.ZERO)));
        await().until(() -> report("bad").sentence().contains("the opening of a channel"));
        fixture.module("good", 10);
        assertThat(fixture.open().module()).isEqualTo("good");
        gate.countDown();
        await("what opened too late is closed").until(() -> bad.open.isEmpty());
    }

    @Test
    void aResponseThatNoSamGivesIsAFaultOfTheModule() throws Exception {
        FakeModule bad = fixture.module("bad", 10);
        Channel channel = fixture.open();
        bad.exchangeScript = command -> new byte[300];
        fixture.module("good", 10);
        assertThat(channel.exchange(GET_CHALLENGE)).hasSizeLessThan(300);
        assertThat(channel.module()).isEqualTo("good");
    }
}
