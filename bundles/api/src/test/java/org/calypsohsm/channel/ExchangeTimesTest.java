package org.calypsohsm.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;

class ExchangeTimesTest {

    private static ExchangeTimes times(int place, long count) {
        List<Long> counts = new ArrayList<>(Collections.nCopies(ExchangeTimes.BOUNDS.size() + 1, 0L));
        counts.set(place, count);
        return new ExchangeTimes(counts, Duration.ofNanos(1_000 * count));
    }

    @Test
    void aQuantileLiesBetweenTheBoundsOfItsPlace() {
        // Nine quick ones up to 10 microseconds, and one between 500 and 1000.
        ExchangeTimes times = times(1, 9).plus(times(7, 1));

        assertThat(times.timed()).isEqualTo(10);
        assertThat(times.quantile(0.5)).isBetween(ExchangeTimes.BOUNDS.get(0), ExchangeTimes.BOUNDS.get(1));
        assertThat(times.quantile(0.99)).isBetween(ExchangeTimes.BOUNDS.get(6), ExchangeTimes.BOUNDS.get(7));
        assertThat(times.quantile(1)).isEqualTo(ExchangeTimes.BOUNDS.get(7));
    }

    @Test
    void whatIsSlowerThanEveryBoundCountsAsTheLastOne() {
        assertThat(times(ExchangeTimes.BOUNDS.size(), 3).quantile(0.5)).isEqualTo(Duration.ofSeconds(5));
        assertThat(ExchangeTimes.NONE.quantile(0.99)).isZero();
    }

    @Test
    void whatWasBeforeCanBeTakenAway() {
        ExchangeTimes before = times(1, 9);

        assertThat(before.plus(times(3, 2)).minus(before)).isEqualTo(times(3, 2));
        assertThat(before.minus(before)).isEqualTo(ExchangeTimes.NONE);
    }

    @Test
    void theBoundsRiseAndThereIsOneCountMore() {
        assertThat(ExchangeTimes.BOUNDS).isSorted().doesNotHaveDuplicates();
        assertThatThrownBy(() -> new ExchangeTimes(List.of(1L), Duration.ZERO)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not 1");
    }
}
