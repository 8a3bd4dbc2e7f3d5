package org.calypsohsm.channel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * How long exchanges took, as a histogram. Only a sample of all exchanges is timed, so that timing costs next to nothing: the
 * counts tell shares, and {@link ModuleReport#exchanges()} tells how many exchanges there were.
 *
 * @param counts how many of the timed exchanges took at most the bound at the same place in {@link #BOUNDS}, and more than the
 *               bound before it; one more at the end for those that took longer than every bound
 * @param sum    how long the timed exchanges took together
 * @since 1.1
 */
public record ExchangeTimes(List<Long> counts, Duration sum) {

    /** Upper bounds of the histogram, in rising order. */
    public static final List<Duration> BOUNDS = bounds();

    /** No exchange was timed. */
    public static final ExchangeTimes NONE = new ExchangeTimes(Collections.nCopies(BOUNDS.size() + 1, 0L), Duration.ZERO);

    /** Keeps a copy of the counts, and checks that there is one for each bound and one more. */
    public ExchangeTimes {
        Objects.requireNonNull(sum, "sum");
        counts = List.copyOf(counts);
        if (counts.size() != BOUNDS.size() + 1) {
            throw new IllegalArgumentException("There are " + (BOUNDS.size() + 1) + " counts, not " + counts.size() + ".");
        }
    }

    private static List<Duration> bounds() {
        // From what an emulated module needs to what a client would still wait for.
        long[] micros = {5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
                1_000_000, 2_000_000, 5_000_000};
        return Arrays.stream(micros).mapToObj(micro -> Duration.ofNanos(micro * 1_000)).toList();
    }

    /** @return how many exchanges were timed */
    public long timed() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Tells how long the quickest exchanges took at most, as far as the bounds tell.
     *
     * @param share which share of them, 0 to 1; 0.99 for all but one in a hundred
     * @return an estimate between two bounds; zero if none was timed; the last bound stands for all beyond it
     */
    public Duration quantile(double share) {
        double rank = share * timed();
        long before = 0;
        for (int i = 0; i < BOUNDS.size(); i++) {
            long here = counts.get(i);
            if (here > 0 && before + here >= rank) {
                long low = i == 0 ? 0 : BOUNDS.get(i - 1).toNanos();
                return Duration.ofNanos(low + (long) ((BOUNDS.get(i).toNanos() - low) * Math.max(0, rank - before) / here));
            }
            before += here;
        }
        return timed() == 0 ? Duration.ZERO : BOUNDS.get(BOUNDS.size() - 1);
    }

    /**
     * Adds others, as of another module.
     *
     * @param others the others
     * @return the sum of both
     */
    public ExchangeTimes plus(ExchangeTimes others) {
        return combined(others, 1);
    }

    /**
     * Takes earlier ones away, so that those since then remain.
     *
     * @param earlier what was told before of the same exchanges
     * @return the difference
     */
    public ExchangeTimes minus(ExchangeTimes earlier) {
        return combined(earlier, -1);
    }

    private ExchangeTimes combined(ExchangeTimes others, int sign) {
        List<Long> result = new ArrayList<>(counts);
        for (int i = 0; i < result.size(); i++) {
            result.set(i, counts.get(i) + sign * others.counts.get(i));
        }
        return new ExchangeTimes(result, sum.plus(others.sum.multipliedBy(sign)));
    }
}
