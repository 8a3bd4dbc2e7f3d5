package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.module.ModuleException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class AuditTest {

    private static final Duration SHORT = Duration.ofMillis(60);

    /** An audit log in memory. */
    private static final class FakeAuditLog implements AuditLog {

        final List<AuditEvent> events = new CopyOnWriteArrayList<>();
        volatile Runnable script = () -> { };

        @Override
        public void record(AuditEvent event) {
            script.run();
            events.add(event);
        }

        List<String> lines() {
            return events.stream().map(event -> event.actor() + " " + event.act() + " " + event.subject()).toList();
        }

        void awaitLines(String... lines) {
            await().pollInterval(Duration.ofMillis(1)).untilAsserted(() -> assertThat(lines()).containsExactly(lines));
        }

        AuditEvent last() {
            return events.get(events.size() - 1);
        }
    }

    private final Fixture fixture = new Fixture();
    private final FakeAuditLog log = new FakeAuditLog();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private String state(String module) {
        return fixture.manager().modules().stream().filter(report -> report.name().equals(module)).findFirst().orElseThrow().state();
    }

    @Test
    void recordsModulesThatArePresentComeAndGo() {
        FakeModule a = fixture.module("a", 9);
        fixture.manager().bindAuditLog(log);
        log.awaitLines("platform module.present a");
        assertThat(log.last().outcome()).isEqualTo(String.format("FAKE, 9 channels, serial number %08X, OPERATIONAL.", "a".hashCode()));
        fixture.module("b", 9);
        fixture.unbind(a);
        log.awaitLines("platform module.present a", "platform module.come b", "platform module.go a");
    }

    @Test
    void recordsADrainBeforeItBeginsAndWhenItHasEnded() throws Exception {
        fixture.module("a", 9);
        Channel channel = fixture.open();
        fixture.module("b", 9);
        fixture.manager().bindAuditLog(log);
        log.awaitLines("platform module.present a", "platform module.present b");
        log.events.clear();
        log.script = () -> assertThat(channel.module() + " " + state("a")).isIn("a OPERATIONAL", "b DRAINING");

        get(fixture.manager().drain("a", SHORT).toCompletableFuture());

        log.awaitLines("client module.drain a", "platform module.drained a");
        assertThat(log.events.get(0).outcome()).isEqualTo("It begins; sessions may go on for 60 ms.");
        assertThat(log.events.get(1).outcome()).startsWith("1 channels moved, 0 closed");
        fixture.manager().undrain("a");
        assertThat(log.lines()).endsWith("client module.undrain a");
    }

    @Test
    void refusesToDrainAndUndrainWhatCannotBeRecorded() throws Exception {
        fixture.module("a", 9);
        fixture.manager().bindAuditLog(log);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        log.script = () -> {
            throw new IllegalStateException("Audit log: the disk is full.");
        };

        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().drain("a", SHORT)).withMessage("Audit log: the disk is full.");
        assertThat(state("a")).isEqualTo("OPERATIONAL");
        log.script = () -> {
            throw new NoClassDefFoundError("gone");
        };
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().drain("a", SHORT)).withMessageContaining("module.drain is refused");
        assertThat(state("a")).isEqualTo("OPERATIONAL");
        assertThatIllegalArgumentException().isThrownBy(() -> fixture.manager().drain("nobody", SHORT));

        log.script = () -> { };
        CompletableFuture<?> drain = fixture.manager().drain("a", Fixture.SOON).toCompletableFuture();
        log.script = () -> {
            throw new IllegalStateException("Audit log: the disk is full.");
        };
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().undrain("a"));
        assertThat(state("a")).isEqualTo("DRAINING");
        channel.close();
        get(drain);
    }

    @Test
    void aFailingAuditLogBreaksNeitherChannelsNorModules() throws Exception {
        log.script = () -> {
            throw new IllegalStateException("Audit log: the disk is full.");
        };
        fixture.manager().bindAuditLog(log);
        FakeModule a = fixture.module("a", 9);
        Channel channel = fixture.open();
        channel.exchange(Apdus.BEGIN);
        a.exchangeScript = command -> {
            throw new ModuleException(ModuleException.Reason.FAILED, "broken");
        };
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> channel.exchange(Apdus.UPDATE));
        a.exchangeScript = command -> FakeModule.CARRY_OUT;
        Channel next = fixture.open();
        fixture.module("b", 9);
        fixture.unbind(a);
        next.exchange(Apdus.READ);
        assertThat(next.module()).isEqualTo("b");
        assertThat(a.lateCalls).hasValue(0);
    }

    @Test
    void anAuditLogThatHangsHoldsUpNoExchangeAndNoModule() throws Exception {
        CountDownLatch gate = fixture.gate();
        log.script = () -> pass(gate);
        fixture.manager().bindAuditLog(log);
        FakeModule a = fixture.module("a", 9);
        Channel channel = fixture.open();
        get(runs(() -> channel.exchange(Apdus.READ)));
        get(runs(() -> fixture.unbind(a)));
        assertThat(log.events).isEmpty();
        gate.countDown();
        log.awaitLines("platform module.come a", "platform module.go a");
    }

    @Test
    void recordsLostSessionsWithoutWhatTheProviderSays() throws Exception {
        FakeModule a = fixture.module("a", 9);
        Channel failing = fixture.open();
        Channel late = fixture.open();
        failing.exchange(Apdus.BEGIN);
        late.exchange(Apdus.BEGIN);
        fixture.manager().bindAuditLog(log);
        log.awaitLines("platform module.present a");
        log.events.clear();
        a.exchangeScript = command -> {
            throw new ModuleException(ModuleException.Reason.FAILED, "SECRET 00112233");
        };
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> failing.exchange(Apdus.UPDATE));
        log.awaitLines("platform session.lost channel " + failing.id() + " on module a");
        assertThat(log.last().outcome()).isEqualTo("The module failed in a session.");

        get(fixture.manager().drain("a", Duration.ZERO).toCompletableFuture());

        await().untilAsserted(() -> assertThat(log.lines()).hasSize(4));
        assertThat(log.lines()).contains("platform session.lost channel " + late.id() + " on module a");
        assertThat(log.events.toString()).contains("1 sessions were lost").contains("when it had to leave").doesNotContain("SECRET");
    }

    @Test
    void needsNoAuditLogUnlessItIsRequired() throws Exception {
        fixture.module("a", 9);
        get(fixture.manager().drain("a", SHORT).toCompletableFuture());
        fixture.manager().undrain("a");
        assertThat(state("a")).isEqualTo("OPERATIONAL");
    }

    @Test
    void refusesToDrainWithoutAnAuditLogIfItIsRequired() throws Exception {
        fixture.settings.auditRequired = true;
        fixture.module("a", 9);
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().drain("a", SHORT)).withMessageContaining("auditRequired");
        fixture.manager().bindAuditLog(log);
        get(fixture.manager().drain("a", SHORT).toCompletableFuture());
        FakeAuditLog next = new FakeAuditLog();
        fixture.manager().bindAuditLog(next);
        // The order of a service registry: the successor comes first.
        fixture.manager().unbindAuditLog(log);
        fixture.manager().undrain("a");
        assertThat(next.lines()).contains("client module.undrain a");
        fixture.manager().unbindAuditLog(next);
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().undrain("a"));
    }

    @Test
    void anAuditLogGoesOnlyAfterTheLastCall() throws Exception {
        CountDownLatch gate = fixture.gate();
        fixture.module("a", 9);
        fixture.manager().bindAuditLog(log);
        log.awaitLines("platform module.present a");
        CountDownLatch inside = new CountDownLatch(1);
        log.script = () -> {
            inside.countDown();
            pass(gate);
        };
        Fixture.Running<?> drain = Fixture.run(() -> fixture.manager().drain("a", SHORT));
        inside.await();
        Fixture.Running<Void> going = runs(() -> fixture.manager().unbindAuditLog(log));
        going.awaitBlocked();
        assertThat(going).isNotDone();
        gate.countDown();
        get(drain);
        get(going);
        assertThat(log.lines()).contains("client module.drain a");
    }
}
