package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.calypsohsm.manager.Fixture.get;
import static org.calypsohsm.manager.Fixture.pass;
import static org.calypsohsm.manager.Fixture.run;
import static org.calypsohsm.manager.Fixture.runs;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Self tests by command, and what becomes of channels when a module is mute. */
@Timeout(20)
class SelfTestTest {

    private final Fixture fixture = new Fixture();
    private final List<AuditEvent> events = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        fixture.close();
    }

    private List<String> audit() {
        return events.stream().filter(event -> event.act().equals("module.selftest"))
                .map(event -> event.actor() + " " + event.subject() + ": " + event.outcome()).toList();
    }

    @Test
    void testsTheModuleAndRecordsBeforeAndAfter() {
        FakeModule a = fixture.module("a", 9);
        fixture.module("b", 9);
        fixture.manager().bindAuditLog(events::add);
        List<List<String>> before = new CopyOnWriteArrayList<>();
        a.selfTestScript = () -> before.add(audit());

        ModuleReport report = fixture.manager().selfTest("a");

        assertThat(report.name()).isEqualTo("a");
        assertThat(report.state()).isEqualTo("OPERATIONAL");
        assertThat(before).containsExactly(List.of("client a: It begins."));
        await().untilAsserted(() -> assertThat(audit())
                .containsExactly("client a: It begins.", "platform a: It is OPERATIONAL after its self test: It serves."));
    }

    @Test
    void aModuleThatFailsIsEvacuatedAtOnce() throws Exception {
        // The watch never comes by.
        fixture.settings.watchMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        Channel idle = fixture.open();
        Channel session = fixture.open();
        session.exchange(Apdus.BEGIN);
        fixture.module("b", 9);
        fixture.manager().bindAuditLog(events::add);
        a.selfTestScript = () -> a.become(ModuleState.FAILED, "The self test failed in key group 0: wrong PIN.");

        assertThat(fixture.manager().selfTest("a").state()).isEqualTo("FAILED");

        await().atMost(Duration.ofSeconds(2)).until(() -> a.open.isEmpty());
        assertThat(idle.module()).isEqualTo("b");
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> session.exchange(Apdus.UPDATE))
                .withMessageContaining("on module a: Module a is FAILED: The self test failed in key group 0: wrong PIN. The session");
        await().untilAsserted(() -> assertThat(audit()).last().asString().startsWith("platform a: It is FAILED after its self test"));
        a.selfTestScript = () -> a.become(ModuleState.OPERATIONAL, "It serves.");
        assertThat(fixture.manager().selfTest("a").state()).isEqualTo("OPERATIONAL");
        assertThat(fixture.slot(a).leaving).isFalse();
    }

    @Test
    void doesNotTestWhatCannotBeRecordedOrIsNotThere() {
        FakeModule a = fixture.module("a", 9);
        a.selfTestScript = () -> {
            throw new AssertionError("It must not be tested.");
        };
        fixture.manager().bindAuditLog(event -> {
            throw new IllegalStateException("Audit log: the disk is full.");
        });
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().selfTest("a")).withMessage("Audit log: the disk is full.");
        assertThatIllegalArgumentException().isThrownBy(() -> fixture.manager().selfTest("nobody"));
    }

    @Test
    void saysThatAProviderBrokeInItsSelfTest() throws Exception {
        FakeModule a = fixture.module("a", 9);
        a.selfTestScript = () -> {
            throw new NoClassDefFoundError("gone");
        };
        assertThatIllegalStateException().isThrownBy(() -> fixture.manager().selfTest("a"))
                .withMessageContaining("Module a could not test itself").withMessageContaining("gone");
        fixture.unbind(a);
        assertThat(a.lateCalls).hasValue(0);
    }

    @Test
    void aModuleGoesOnlyWhenItsSelfTestIsOver() throws Exception {
        FakeModule a = fixture.module("a", 9);
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.selfTestScript = () -> {
            inside.countDown();
            pass(gate);
        };
        CompletableFuture<ModuleReport> test = run(() -> fixture.manager().selfTest("a"));
        pass(inside);
        CompletableFuture<Void> unbind = runs(() -> fixture.unbind(a));
        await().until(() -> fixture.slot(a).leaving);
        await().during(Duration.ofMillis(50)).until(() -> !unbind.isDone());
        assertThatIllegalArgumentException().isThrownBy(() -> fixture.manager().selfTest("a")).withMessageContaining("goes");
        gate.countDown();
        get(unbind);
        get(test);
        assertThat(a.lateCalls).hasValue(0);
    }

    @Test
    void channelsAreExchangedOnWhileAModuleTestsItself() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = fixture.open();
        CountDownLatch gate = fixture.gate();
        CountDownLatch inside = new CountDownLatch(1);
        a.selfTestScript = () -> {
            inside.countDown();
            pass(gate);
        };
        CompletableFuture<ModuleReport> test = run(() -> fixture.manager().selfTest("a"));
        pass(inside);
        channel.exchange(Apdus.READ);
        channel.close();
        fixture.open().close();
        gate.countDown();
        assertThat(get(test).state()).isEqualTo("OPERATIONAL");
    }

    // ---- modules that are mute

    @ParameterizedTest
    @EnumSource(names = {"LOCKED", "FAILED"})
    void noSessionWaitsForAModuleThatIsMute(ModuleState state) throws Exception {
        fixture.settings.drainMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        Channel idle = fixture.open();
        Channel parked = fixture.open();
        Channel session = fixture.open();
        session.exchange(Apdus.BEGIN);
        fixture.module("b", 1);

        a.become(state, "It was told to.");

        await().until(() -> !session.isOpen());
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> session.exchange(Apdus.UPDATE))
                .withMessageContaining("on module a: Module a is " + state + ": It was told to. The session in progress is lost");
        await().until(() -> a.open.isEmpty());
        assertThat(List.of(idle.isOpen(), parked.isOpen())).containsOnly(true);
        a.become(ModuleState.OPERATIONAL, "It serves.");
        parked.exchange(Apdus.READ);
        idle.exchange(Apdus.READ);
        assertThat(List.of(idle.module(), parked.module())).containsExactlyInAnyOrder("a", "b");
    }

    @ParameterizedTest
    @EnumSource(names = {"OFFLINE", "SELF_TEST", "END_OF_LIFE"})
    void sessionsMayGoOnUntilTheDeadlineOtherwise(ModuleState state) throws Exception {
        fixture.settings.drainMillis = 60_000;
        FakeModule a = fixture.module("a", 9);
        Channel session = fixture.open();
        session.exchange(Apdus.BEGIN);
        a.become(state, "It was told to.");
        await().until(() -> fixture.slot(a).leaving);
        await().during(Duration.ofMillis(100)).until(session::isOpen);
        session.exchange(Apdus.UPDATE);
        // From here on it cannot.
        a.become(ModuleState.LOCKED, "It was locked.");
        await().until(() -> !session.isOpen());
    }
}
