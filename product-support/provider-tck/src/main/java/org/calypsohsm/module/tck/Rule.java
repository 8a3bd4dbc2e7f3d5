package org.calypsohsm.module.tck;

/**
 * A rule that a module keeps.
 *
 * @param id     what it is called in reports, as in {@code "limit-1"}
 * @param source where it is written
 * @param text   the rule, in one sentence
 * @param trial  tries a module, and throws {@link Violation} or anything else if it breaks the rule
 */
record Rule(String id, String source, String text, Trial trial) {

    /** Tries a module. */
    @FunctionalInterface
    interface Trial {

        /**
         * Tries it.
         *
         * @param modules starts modules, which are stopped afterwards
         * @throws Exception anything means that the rule is broken
         */
        void run(Modules modules) throws Exception;
    }

    /** What was found instead of what a rule says. */
    static final class Violation extends AssertionError {

        private static final long serialVersionUID = 1L;

        Violation(String found) {
            super(found);
        }
    }

    /** @return what stands in a report */
    String title() {
        return id + ": " + text;
    }

    /**
     * Tries a module.
     *
     * @param suite starts and stops the modules
     * @throws AssertionError if the rule is broken; its message has the rule, its source and what was found
     */
    void check(ProviderTck suite) {
        try (Modules modules = new Modules(suite)) {
            trial.run(modules);
        } catch (Exception | AssertionError | LinkageError e) {
            String found = e instanceof Violation ? e.getMessage() : "there was " + e;
            throw new AssertionError(String.format("Rule %s is broken: %s%n  written in: %s%n  found: %s", id, text, source, found),
                    e);
        }
    }

    /** Says what was found, unless all is well. */
    static void require(boolean good, String found, Object... arguments) {
        if (!good) {
            throw new Violation(String.format(found, arguments));
        }
    }
}
