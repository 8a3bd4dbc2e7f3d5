package org.calypsohsm.keystore;

import java.util.concurrent.atomic.AtomicIntegerArray;

import org.calypsohsm.key.KeyGroup;

/** Tells when an event counter has used up a good part of its ceiling: each tenth of it, and 95 %. */
public final class CounterMarks {

    /** Told of a mark. It must be quick: the use that reached the mark waits for it. */
    @FunctionalInterface
    public interface Listener {

        /**
         * Told once for each mark.
         *
         * @param group   number of the key group
         * @param counter number of the event counter
         * @param value   its value
         * @param ceiling its ceiling
         * @param percent the mark, in percent of the ceiling
         */
        void reached(int group, int counter, int value, int ceiling, int percent);
    }

    private static final int[] PERCENT = {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100};
    private static final long FULL = 100;

    private final KeyGroup group;
    private final Listener listener;
    /** The value at which the next mark of each counter is reached. */
    private final AtomicIntegerArray next = new AtomicIntegerArray(KeyGroup.COUNTERS);

    CounterMarks(KeyGroup group, Listener listener) {
        this.group = group;
        this.listener = listener;
    }

    /** Sets the marks anew, after ceilings or counters were written. */
    void set() {
        for (int counter = 0; counter < KeyGroup.COUNTERS; counter++) {
            next.set(counter, after(group.eventCounter(counter), group.ceiling(counter)));
        }
    }

    /** @return the least mark above a value; none is {@link Integer#MAX_VALUE} */
    private static int after(int value, int ceiling) {
        for (int percent : PERCENT) {
            int mark = at(percent, ceiling);
            if (mark > value) {
                return mark;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** @return the value that uses up so much of the ceiling, rounded up */
    private static int at(int percent, int ceiling) {
        return (int) ((ceiling * (long) percent + FULL - 1) / FULL);
    }

    void counted(int counter, int value) {
        int mark = next.get(counter);
        if (value >= mark) {
            reached(counter, value, mark);
        }
    }

    private void reached(int counter, int value, int mark) {
        int ceiling = group.ceiling(counter);
        // Of those who come here at once one tells.
        if (!next.compareAndSet(counter, mark, after(value, ceiling))) {
            return;
        }
        int reached = 0;
        for (int percent : PERCENT) {
            reached = at(percent, ceiling) <= value ? percent : reached;
        }
        listener.reached(group.number(), counter, value, ceiling, reached);
    }
}
