package org.calypsohsm.itest.kit.fault;

import java.util.function.Predicate;

/**
 * When a fault strikes: by counting the commands it is for, so that a test does the same each time.
 *
 * @param command which commands it is for
 * @param skipped how many of them pass first
 * @param hits    how often it strikes then
 * @param step    it strikes at each so-many-th of them
 */
record Trigger(Predicate<byte[]> command, int skipped, int hits, int step) {

    static final Trigger ALWAYS = new Trigger(any -> true, 0, Integer.MAX_VALUE, 1);

    Trigger when(Predicate<byte[]> more) {
        return new Trigger(command.and(more), skipped, hits, step);
    }

    Trigger after(int count) {
        return new Trigger(command, notNegative("after", count), hits, step);
    }

    Trigger times(int count) {
        return new Trigger(command, skipped, positive("times", count), step);
    }

    Trigger every(int count) {
        return new Trigger(command, skipped, hits, positive("every", count));
    }

    private static int positive(String method, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("A fault strikes " + method + "(1) or more, not " + count + ".");
        }
        return count;
    }

    private static int notNegative(String method, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("A fault strikes " + method + "(0) or more, not " + count + ".");
        }
        return count;
    }

    /** @return what counts, for one fault */
    Counter counter() {
        return new Counter(this);
    }

    /** Counts the commands of one fault. */
    static final class Counter {

        private final Trigger trigger;
        private long seen;
        private int struck;

        private Counter(Trigger trigger) {
            this.trigger = trigger;
        }

        synchronized boolean strikesAt(byte[] command) {
            if (struck >= trigger.hits || !trigger.command.test(command)) {
                return false;
            }
            long place = seen++ - trigger.skipped;
            if (place < 0 || place % trigger.step != 0) {
                return false;
            }
            struck++;
            return true;
        }
    }
}
