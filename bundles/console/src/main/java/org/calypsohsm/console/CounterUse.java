package org.calypsohsm.console;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services.OfStore;

/** Remembers how event counters rose in the last 24 hours, to tell when they will be at their ceilings. Guarded by its user. */
final class CounterUse {

    private static final long STEP = Duration.ofMinutes(5).toNanos();
    private static final long WINDOW = Duration.ofDays(1).toNanos();
    /** A shorter time tells nothing of a day. */
    static final Duration LEAST = Duration.ofMinutes(1);
    /** From a shorter time nobody should be alarmed. */
    static final Duration ENOUGH = Duration.ofHours(1);

    private record Key(String store, int group, int counter) {

        static Key of(OfStore<EventCounter> counter) {
            return new Key(counter.name(), counter.value().group(), counter.value().number());
        }
    }

    private record Sample(long at, int value) {
    }

    private final Map<Key, Deque<Sample>> samples = new HashMap<>();
    private long lastStep;
    private boolean begun;

    /**
     * Notes what counters are at.
     *
     * @param now      {@link System#nanoTime()}
     * @param counters all counters there are
     */
    void note(long now, List<OfStore<EventCounter>> counters) {
        boolean step = !begun || now - lastStep >= STEP;
        for (OfStore<EventCounter> counter : counters) {
            Deque<Sample> past = samples.computeIfAbsent(Key.of(counter), key -> new ArrayDeque<>());
            if (!past.isEmpty() && past.getLast().value() > counter.value().value()) {
                // Another store under the name of one that was destroyed.
                past.clear();
            }
            if (step || past.isEmpty()) {
                past.add(new Sample(now, counter.value().value()));
            }
            while (past.size() > 1 && now - past.getFirst().at() > WINDOW) {
                past.removeFirst();
            }
        }
        if (step) {
            begun = true;
            lastStep = now;
            samples.keySet().retainAll(counters.stream().map(Key::of).collect(Collectors.toSet()));
        }
    }

    /**
     * Tells how fast a counter rises.
     *
     * @param now     {@link System#nanoTime()}
     * @param counter the counter as it is now
     * @param least   for how long it must have been seen
     * @return uses in a day, by what was seen in the last day or since the start; negative if that is not known yet
     */
    double perDay(long now, OfStore<EventCounter> counter, Duration least) {
        Deque<Sample> past = samples.get(Key.of(counter));
        if (past == null || now - past.getFirst().at() < least.toNanos()) {
            return -1;
        }
        return (double) (counter.value().value() - past.getFirst().value()) * WINDOW / (now - past.getFirst().at());
    }

    /**
     * Tells when a counter is at its ceiling if it goes on as it did.
     *
     * @param now     {@link System#nanoTime()}
     * @param counter the counter as it is now
     * @param least   for how long it must have been seen
     * @return days; positive infinity if it does not rise; negative if that is not known yet
     */
    double daysLeft(long now, OfStore<EventCounter> counter, Duration least) {
        int room = Math.max(0, counter.value().ceiling() - counter.value().value());
        double perDay = perDay(now, counter, least);
        return room == 0 ? 0 : perDay < 0 ? -1 : perDay == 0 ? Double.POSITIVE_INFINITY : room / perDay;
    }
}
