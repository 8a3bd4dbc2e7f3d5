package org.calypsohsm.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.console.Verdict.Level;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.Services.OfStore;
import org.calypsohsm.monitoring.TestPlatform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictTest {

    private final TestPlatform platform = new TestPlatform();
    private ToDoubleFunction<OfStore<EventCounter>> daysLeft = counter -> -1;
    private long lost;

    @BeforeEach
    void aPlatformThatIsWell() {
        platform.channelManager().keyStore().auditLog().product("CD97").group(0, Map.of("value", 1));
        platform.modules.add(TestPlatform.module("main", "OPERATIONAL", 10, 500));
    }

    @AfterEach
    void stop() throws Exception {
        platform.close();
    }

    private Verdict verdict() {
        return Verdict.of(Look.at(new Services(platform.context())), lost, daysLeft);
    }

    private void assertWorst(Level level, String sentence) {
        Verdict verdict = verdict();
        assertThat(verdict.level()).isEqualTo(level);
        assertThat(verdict.headline()).isEqualTo(sentence).endsWith(".");
        assertThat(verdict.problems()).isSortedAccordingTo((one, next) -> next.level().compareTo(one.level()))
                .allSatisfy(problem -> assertThat(problem.action()).isNotBlank());
    }

    @Test
    void allIsWell() {
        assertThat(verdict().problems()).isEmpty();
        assertThat(verdict().level()).isEqualTo(Level.WELL);
        assertThat(verdict().headline()).isEqualTo("All is well.");
    }

    @ParameterizedTest
    @CsvSource({"SELF_TEST,NOTICE", "DRAINING,NOTICE", "LOCKED,FAULT", "FAILED,FAULT", "OFFLINE,FAULT", "END_OF_LIFE,FAULT"})
    void aModuleThatDoesNotServeSaysWhy(String state, Level level) {
        platform.modules.add(TestPlatform.module("other", state, 0, 20));
        assertWorst(level, "Module other is " + state + ": The test says so.");
    }

    @Test
    void theWorstComesFirst() {
        platform.modules.add(TestPlatform.module("a", "DRAINING", 0, 20));
        platform.modules.add(TestPlatform.module("b", "FAILED", 0, 20));
        platform.waiting = 1;
        assertWorst(Level.FAULT, "Module b is FAILED: The test says so.");
        assertThat(verdict().problems()).extracting(Verdict.Problem::level).containsExactly(Level.FAULT, Level.ATTENTION, Level.NOTICE);
    }

    @Test
    void withoutModulesNothingWorks() {
        platform.modules.clear();
        assertWorst(Level.FAULT, "There is no security module, so no channel can be opened.");
        platform.withdraw("org.calypsohsm.channel.ChannelManager");
        assertWorst(Level.FAULT, "There is no channel manager, so no channel can be opened.");
    }

    @Test
    void channelsThatAreAllInUseAreAFault() {
        platform.modules.set(0, TestPlatform.module("main", "OPERATIONAL", 500, 500));
        assertWorst(Level.FAULT, "All 500 channels are in use.");
    }

    @Test
    void keysThatNoModuleHasAreAFault() {
        platform.group(7, Map.of());
        assertWorst(Level.FAULT, "Key group 7 is on no module in service.");
    }

    @Test
    void aLockedStoreIsAFault() {
        platform.storeState = KeyStoreStatus.State.LOCKED;
        assertWorst(Level.FAULT, "Key store main is LOCKED: The test says so.");
        assertThat(verdict().problems().get(0).action()).contains("hsm:unlock main");
    }

    @ParameterizedTest
    @CsvSource({"79,WELL,All is well.", "80,ATTENTION,Counter 1 of key group 0 is at 80 % of its ceiling.",
        "95,FAULT,Counter 1 of key group 0 is at 95 % of its ceiling.", "100,FAULT,Counter 1 of key group 0 is at its ceiling: its keys cannot be used."})
    void countersNearTheirCeilings(int value, Level level, String sentence) {
        platform.group(0, Map.of("value", value, "ceiling", 100));
        assertWorst(level, sentence);
    }

    @ParameterizedTest
    @CsvSource({"13.9,Counter 1 of key group 0 reaches its ceiling in 13 days.", "0.5,Counter 1 of key group 0 reaches its ceiling in less than a day."})
    void countersThatWillSoonBeAtTheirCeilings(double days, String sentence) {
        daysLeft = counter -> days;
        assertWorst(Level.ATTENTION, sentence);
        daysLeft = counter -> 14;
        assertThat(verdict().level()).isEqualTo(Level.WELL);
    }

    @Test
    void aCardNearItsEnd() {
        platform.modules.add(new ModuleReport("card", "SAM-S20", "C0000001", true, "OPERATIONAL", "Well.", 20, 0, Set.of(0), 0, 0, 0, 0,
                1, 81, 100, ExchangeTimes.NONE));
        assertWorst(Level.ATTENTION, "Module card has used up 81 % of its lifetime.");
    }

    @Test
    void auditLogProductsAndLostSessions() {
        lost = 2;
        assertWorst(Level.ATTENTION, "2 sessions were lost in the last quarter of an hour.");
        platform.auditProblem = "Audit log: the disk is full.";
        assertWorst(Level.FAULT, "Audit log: the disk is full.");
    }
}
