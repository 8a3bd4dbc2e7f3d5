package org.calypsohsm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.console.History.Point;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HistoryTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final History history = new History(null, false);
    private long now;

    @AfterEach
    void stop() {
        history.stop();
    }

    private static ModuleReport module(String name, long exchanges, long lost, long timed, int place) {
        List<Long> counts = new ArrayList<>(ExchangeTimes.NONE.counts());
        counts.set(place, timed);
        return new ModuleReport(name, "PCI-S3", "B0000001", true, "OPERATIONAL", "Well.", 500, 5, Set.of(0), exchanges, 0, 0, lost, 1, 0, 0,
                new ExchangeTimes(counts, Duration.ofNanos(timed)));
    }

    private Point note(ModuleReport... modules) {
        now += SECOND;
        history.note(now, now / 1_000_000, new Look(true, List.of(modules), 3, List.of(), List.of(), List.of(), List.of(), false, null));
        List<Point> all = history.after(0);
        return all.get(all.size() - 1);
    }

    @Test
    void tellsWhatWasDoneInASecond() {
        note(module("main", 1000, 0, 10, 3), module("other", 50, 0, 0, 0));
        Point point = note(module("main", 3000, 1, 20, 3), module("other", 150, 0, 0, 0));

        assertThat(point.perSecond()).isCloseTo(2100, within(0.1));
        assertThat(point.inUse()).isEqualTo(10);
        assertThat(point.waiting()).isEqualTo(3);
        assertThat(point.lost()).isEqualTo(1);
        assertThat(history.lost()).isEqualTo(1);
        assertThat(history.rate("main")).isCloseTo(2000, within(0.1));
        assertThat(history.rate("nobody")).isZero();
        assertThat(point.most()).as("20 to 50 microseconds").isBetween(0.02, 0.05);
    }

    @Test
    void whatWasBeforeTheStartDoesNotCount() {
        Point first = note(module("main", 1_000_000, 7, 10, 3));
        assertThat(first.perSecond()).isZero();
        assertThat(first.most()).isNegative();
        assertThat(history.lost()).isZero();
    }

    @Test
    void aModuleThatComesAnewUnderTheSameNameCountsFromZero() {
        note(module("main", 5000, 4, 1, 3));
        Point point = note(module("main", 100, 0, 2, 3));
        assertThat(point.perSecond()).isCloseTo(100, within(0.1));
        assertThat(history.lost()).isZero();
        assertThat(note().perSecond()).isZero();
    }

    @Test
    void timesAreThoseOfTheLastTenSeconds() {
        note(module("main", 0, 0, 0, 3));
        note(module("main", 10, 0, 10, 3));
        for (int i = 0; i < 9; i++) {
            assertThat(note(module("main", 10, 0, 10, 3)).most()).isPositive();
        }
        assertThat(note(module("main", 10, 0, 10, 3)).most()).isNegative();
    }

    @Test
    void remembersAQuarterOfAnHour() {
        for (int i = 0; i < History.POINTS + 5; i++) {
            note(module("main", i, 0, 0, 0));
        }
        assertThat(history.after(0)).hasSize(History.POINTS);
        assertThat(history.after(History.POINTS)).extracting(Point::number).containsExactly(901L, 902L, 903L, 904L, 905L);
        assertThat(history.last()).isEqualTo(905);
        assertThat(history.after(905)).isEmpty();
    }
}
