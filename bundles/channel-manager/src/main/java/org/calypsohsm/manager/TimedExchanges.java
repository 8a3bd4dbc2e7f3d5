package org.calypsohsm.manager;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

import org.calypsohsm.channel.ExchangeTimes;

/** Counts how long exchanges took, of one module. */
final class TimedExchanges {

    /**
     * Of so many exchanges of a channel one is timed, less one: to ask the clock twice would be a good part of what an exchange
     * costs here. As 64 has no divisor in common with the 13 exchanges of a usual session, all of them come in turn.
     */
    private static final int SAMPLE_MASK = 63;

    private static final long[] BOUNDS = ExchangeTimes.BOUNDS.stream().mapToLong(Duration::toNanos).toArray();

    private final LongAdder[] counts = Stream.generate(LongAdder::new).limit(BOUNDS.length + 1L).toArray(LongAdder[]::new);
    private final LongAdder nanos = new LongAdder();

    /**
     * Tells whether an exchange is timed.
     *
     * @param number its number on its channel; channels begin with different ones, or short-lived ones would never be timed
     */
    static boolean isTimed(int number) {
        return (number & SAMPLE_MASK) == 0;
    }

    /** Counts an exchange that began at a time of {@link System#nanoTime()} and ends now. */
    void ended(long began) {
        long took = System.nanoTime() - began;
        int place = Arrays.binarySearch(BOUNDS, took);
        counts[place < 0 ? -place - 1 : place].increment();
        nanos.add(took);
    }

    ExchangeTimes report() {
        return new ExchangeTimes(Arrays.stream(counts).map(LongAdder::sum).toList(), Duration.ofNanos(nanos.sum()));
    }
}
