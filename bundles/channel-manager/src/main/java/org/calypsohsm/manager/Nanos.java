package org.calypsohsm.manager;

import java.time.Duration;

/** Times in nanoseconds, as {@link System#nanoTime()} counts them. */
final class Nanos {

    /** Some 73 years: adding it to a time does not overflow. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 4);

    private Nanos() {
    }

    /** @return the duration, cut where it would overflow: "for ever" is a fair thing to ask for */
    static long of(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.isNegative() ? -1 : duration.toNanos();
    }
}
