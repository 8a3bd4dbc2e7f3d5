package org.calypsohsm.module.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.module.tck.FakeModule.Fault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule finds what it is there for: modules that are broken on purpose. */
class MutantsTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration HANG_LIMIT = Duration.ofSeconds(1);

    private static final class Suite extends ProviderTck {

        private final Fault fault;

        Suite(Fault fault) {
            this.fault = fault;
        }

        @Override
        protected SecurityModule start(String name) {
            return new FakeModule(name, fault);
        }

        @Override
        protected void stop(SecurityModule module) {
            // It has nothing to stop.
        }

        @Override
        protected int channels() {
            return FakeModule.CHANNELS;
        }

        @Override
        protected Set<Integer> keyGroups() {
            return Set.of(0, 3);
        }

        @Override
        protected boolean lock(SecurityModule module) {
            ((FakeModule) module).lock(true);
            return true;
        }

        @Override
        protected void unlock(SecurityModule module) {
            ((FakeModule) module).lock(false);
        }
    }

    static Stream<Rule> rules() {
        return ModuleRules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aRightModuleKeepsIt(Rule rule) {
        assertThatCode(() -> new Suite(Fault.NONE).check(rule, LIMIT)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "OTHER_NAME, info-1, its name is fake",
        "NOT_OPERATIONAL, info-2, it is SELF_TEST",
        "NO_SENTENCE, info-2, no sentence",
        "SLOW_STATUS, info-3, after a second",
        "OTHER_GROUPS, info-4, instead of",
        "WRONG_REASON, open-1, fails with FAILED instead of [UNKNOWN_KEY_GROUP]",
        "NAMELESS_MESSAGE, open-1, does not name the module",
        "RESERVES_REFUSED, open-1, channelsInUse() is",
        "SHORT_ATR, open-2, it has 18 bytes",
        "SHARED_ATR, open-2, changing the array",
        "ONE_TOO_MANY, limit-1, open of one more does not fail",
        "ONE_TOO_FEW, limit-1, FULL",
        "RACE, limit-2, ",
        "COUNTS_CLOSE_TWICE, limit-3, channelsInUse() is 0 instead of 1",
        "CLOSE_THROWS, limit-3, IllegalStateException",
        "FORGETS_DIVERSIFIER, state-2, the state is another",
        "SHARED_STATE, state-3, changes the channel",
        "THROWS_ON_BAD_STATE, state-4, resume gives java.lang.IllegalArgumentException",
        "SHARED_CHALLENGE, state-5, the same challenge",
        "SELF_TEST_FAILS, serve-1, it says",
        "SELF_TEST_RESETS, serve-1, has lost its diversifier",
        "OPENS_WHILE_LOCKED, serve-2, open while it is locked does not fail",
        "ANSWERS_WHILE_LOCKED, serve-2, exchange while it is locked does not fail",
        "NO_ANSWER, hostile-1, the answer has 0 bytes",
        "CHANGES_COMMAND, hostile-1, the command was changed",
        "THROWS_ON_EMPTY, hostile-2, gives java.lang.ArrayIndexOutOfBounds",
        "HANGS, hostile-2, hangs for more than",
        "LEAKS_THREAD, lifecycle-1, leaked",
        "LEAKS_MODULE, lifecycle-2, 20 of 20 modules"})
    void findsIt(Fault fault, String id, String found) {
        Rule broken = rules().filter(rule -> rule.id().equals(id)).findFirst().orElseThrow();
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> new Suite(fault).check(broken, fault == Fault.HANGS ? HANG_LIMIT : LIMIT))
                .withMessageContaining(id).withMessageContaining(broken.source()).withMessageContaining(found == null ? "" : found);
    }

    @Test
    void everyKindOfFaultIsFoundByARule() throws Exception {
        String[] found = MutantsTest.class.getDeclaredMethod("findsIt", Fault.class, String.class, String.class)
                .getAnnotation(CsvSource.class).value();
        assertThat(Fault.values()).allMatch(
                fault -> fault == Fault.NONE || Arrays.stream(found).anyMatch(line -> line.startsWith(fault + ",")));
    }
}
