package org.calypsohsm.module.tck;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;

import org.calypsohsm.module.SecurityModule;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The conformance suite of a security module. A provider extends it in his tests and says how a module is started and stopped;
 * each rule is tried with modules of its own. A device in hardware may be the same each time, as long as no channel is open.
 *
 * <p>What is broken is reported with the rule, where the rule is written, and what was found.
 */
public abstract class ProviderTck {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int SAM_CLASS = 0x80;

    /** Makes the suite. */
    protected ProviderTck() {
    }

    /**
     * Starts a module as its component does. It serves when this returns.
     *
     * @param name its name
     * @return the module
     * @throws Exception if it cannot be started
     */
    protected abstract SecurityModule start(String name) throws Exception;

    /**
     * Stops a module as its component does.
     *
     * @param module what {@link #start(String)} gave
     */
    protected abstract void stop(SecurityModule module);

    /** @return how many channels a module has */
    protected abstract int channels();

    /** @return the numbers of the key groups that a module serves, one at least */
    protected abstract Set<Integer> keyGroups();

    /** @return class byte of the commands that the SAM takes; by default 80 */
    protected int samClass() {
        return SAM_CLASS;
    }

    /**
     * Locks a module, for the rule on locked modules.
     *
     * @param module what {@link #start(String)} gave
     * @return false if this module cannot be locked, which is the default; the rule is then not tried
     */
    protected boolean lock(SecurityModule module) {
        return false;
    }

    /**
     * Unlocks a module that {@link #lock(SecurityModule)} locked.
     *
     * @param module the module
     */
    protected void unlock(SecurityModule module) {
        throw new UnsupportedOperationException("Override unlock together with lock.");
    }

    /**
     * Tries every rule.
     *
     * @return one test for each rule
     */
    @TestFactory
    final Stream<DynamicTest> rules() {
        return ModuleRules.all().stream().map(rule -> DynamicTest.dynamicTest(rule.title(), () -> check(rule, LIMIT)));
    }

    final void check(Rule rule, Duration limit) {
        assertTimeoutPreemptively(limit, () -> rule.check(this),
                () -> "Rule " + rule.title() + " hangs for more than " + limit.toSeconds() + " s; written in: " + rule.source());
    }
}
