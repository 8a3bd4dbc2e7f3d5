package org.calypsohsm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;

import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services.OfStore;
import org.junit.jupiter.api.Test;

class CounterUseTest {

    private static final Duration LEAST = CounterUse.LEAST;

    private final CounterUse use = new CounterUse();

    private static OfStore<EventCounter> counter(int value) {
        return new OfStore<>("main", new EventCounter(0, 1, value, 10_000, List.of()));
    }

    private static long minutes(long minutes) {
        return Duration.ofMinutes(minutes).toNanos();
    }

    @Test
    void tellsTheDaysAtTheUseSinceTheStart() {
        use.note(0, List.of(counter(1000)));
        use.note(minutes(60), List.of(counter(1100)));

        assertThat(use.perDay(minutes(60), counter(1100), LEAST)).isCloseTo(2400, within(0.1));
        assertThat(use.daysLeft(minutes(60), counter(1100), LEAST)).isCloseTo(8900 / 2400.0, within(0.01));
    }

    @Test
    void forgetsWhatWasBeforeTheLastDay() {
        // 1000 uses in the first hour, and then one in each.
        use.note(0, List.of(counter(0)));
        for (int hour = 1; hour <= 26; hour++) {
            use.note(minutes(60L * hour), List.of(counter(1000 + hour)));
        }
        assertThat(use.perDay(minutes(60 * 26), counter(1026), LEAST)).isCloseTo(24, within(0.5));
    }

    @Test
    void saysNothingBeforeItHasSeenEnough() {
        use.note(0, List.of(counter(0)));
        use.note(minutes(30), List.of(counter(100)));
        assertThat(use.daysLeft(minutes(30), counter(100), CounterUse.ENOUGH)).isNegative();
        assertThat(use.daysLeft(minutes(30), counter(100), LEAST)).isPositive();
        assertThat(use.daysLeft(Duration.ofSeconds(59).toNanos(), counter(100), LEAST)).isNegative();
        assertThat(use.daysLeft(minutes(60), new OfStore<>("other", counter(1).value()), LEAST)).isNegative();
    }

    @Test
    void aCounterThatDoesNotRiseLastsForEverAndOneAtItsCeilingNot() {
        use.note(0, List.of(counter(10)));
        assertThat(use.daysLeft(minutes(5), counter(10), LEAST)).isInfinite();
        assertThat(use.daysLeft(minutes(5), counter(10_000), LEAST)).isZero();
    }

    @Test
    void aCounterThatFellBeginsAnew() {
        use.note(0, List.of(counter(5000)));
        use.note(minutes(10), List.of(counter(7)));
        use.note(minutes(20), List.of(counter(8)));
        assertThat(use.perDay(minutes(20), counter(8), LEAST)).isCloseTo(144, within(0.1));
    }
}
