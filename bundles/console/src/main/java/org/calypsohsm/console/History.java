package org.calypsohsm.console;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.Services.OfStore;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the platform each second and remembers the last minutes, so that a page has charts as soon as it is opened. */
@Component(service = History.class)
public final class History {

    /** How many points are remembered: a quarter of an hour. */
    static final int POINTS = 900;
    /** Times of exchanges are a sample, so those of some seconds are taken together. */
    private static final int TIMES_WINDOW = 10;
    private static final long STOP_SECONDS = 5;
    private static final double SECOND_NANOS = Duration.ofSeconds(1).toNanos();
    private static final double MILLI_NANOS = Duration.ofMillis(1).toNanos();
    private static final double MEDIAN = 0.5;
    private static final double NEARLY_ALL = 0.99;
    private static final Logger LOG = LoggerFactory.getLogger(History.class);

    /**
     * What was seen at one moment.
     *
     * @param number    counts the points from 1
     * @param millis    when, in milliseconds since 1970
     * @param inUse     channels in use
     * @param waiting   requests that waited
     * @param perSecond exchanges in a second
     * @param median    half of the exchanges took at most so many milliseconds; negative if none was timed
     * @param most      all but one in a hundred took at most so many milliseconds; negative if none was timed
     * @param lost      sessions lost since the point before
     */
    record Point(long number, long millis, int inUse, int waiting, double perSecond, double median, double most, long lost) {
    }

    private final Services services;
    private final ScheduledExecutorService thread;

    // Guarded by this.
    private final Deque<Point> points = new ArrayDeque<>();
    private final Deque<ExchangeTimes> times = new ArrayDeque<>();
    private final CounterUse use = new CounterUse();
    private Map<String, ModuleReport> before = Map.of();
    private final Map<String, Double> rates = new HashMap<>();
    private long beforeNanos;
    private long number;
    private boolean troubled;

    /**
     * Starts to look.
     *
     * @param context context of the bundle
     */
    @Activate
    public History(BundleContext context) {
        this(new Services(context), true);
    }

    /** @param looks false for a test, which lets it look itself */
    History(Services services, boolean looks) {
        this.services = services;
        thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "hsm-console-history");
            made.setDaemon(true);
            return made;
        });
        if (looks) {
            thread.scheduleAtFixedRate(this::look, 0, 1, TimeUnit.SECONDS);
        }
    }

    /** Looks no more. */
    @Deactivate
    void stop() {
        thread.shutdown();
        try {
            thread.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            note(System.nanoTime(), System.currentTimeMillis(), Look.at(services));
            troubled = false;
        } catch (RuntimeException e) {
            // Once for each trouble: the next look is a second later, and a service may be going just now.
            if (!troubled) {
                LOG.warn("The console could not look at the platform: {}", e.toString());
            }
            troubled = true;
        }
    }

    synchronized void note(long now, long millis, Look look) {
        long exchanges = 0;
        long lost = 0;
        ExchangeTimes taken = ExchangeTimes.NONE;
        double seconds = number == 0 ? 0 : (now - beforeNanos) / SECOND_NANOS;
        Map<String, ModuleReport> present = new HashMap<>();
        rates.clear();
        for (ModuleReport module : look.modules()) {
            present.put(module.name(), module);
            ModuleReport last = before.get(module.name());
            // One that came anew under the same name counts from 0 again.
            boolean same = last != null && last.exchanges() <= module.exchanges() && last.times().timed() <= module.times().timed();
            long here = same ? module.exchanges() - last.exchanges() : number == 0 ? 0 : module.exchanges();
            exchanges += here;
            lost += same ? Math.max(0, module.lost() - last.lost()) : 0;
            taken = taken.plus(same ? module.times().minus(last.times()) : number == 0 ? ExchangeTimes.NONE : module.times());
            rates.put(module.name(), seconds <= 0 ? 0 : here / seconds);
        }
        times.add(taken);
        if (times.size() > TIMES_WINDOW) {
            times.remove();
        }
        ExchangeTimes window = times.stream().reduce(ExchangeTimes.NONE, ExchangeTimes::plus);
        points.add(new Point(++number, millis, look.channelsInUse(), look.waiting(), seconds <= 0 ? 0 : exchanges / seconds,
                millis(window, MEDIAN), millis(window, NEARLY_ALL), lost));
        if (points.size() > POINTS) {
            points.remove();
        }
        use.note(now, look.counters());
        before = present;
        beforeNanos = now;
    }

    private static double millis(ExchangeTimes times, double share) {
        return times.timed() == 0 ? -1 : times.quantile(share).toNanos() / MILLI_NANOS;
    }

    /** @return the points after the one of a number */
    synchronized List<Point> after(long last) {
        List<Point> newer = new ArrayList<>();
        for (Point point : points) {
            if (point.number() > last) {
                newer.add(point);
            }
        }
        return newer;
    }

    /** @return number of the newest point; 0 if there is none */
    synchronized long last() {
        return number;
    }

    /** @return sessions lost in the time that is remembered */
    synchronized long lost() {
        return points.stream().mapToLong(Point::lost).sum();
    }

    /** @return exchanges in a second on a module */
    synchronized double rate(String module) {
        return rates.getOrDefault(module, 0.0);
    }

    /** @return see {@link CounterUse#daysLeft} */
    synchronized double daysLeft(long now, OfStore<EventCounter> counter, Duration least) {
        return use.daysLeft(now, counter, least);
    }

    /** @return see {@link CounterUse#perDay} */
    synchronized double perDay(long now, OfStore<EventCounter> counter) {
        return use.perDay(now, counter, CounterUse.LEAST);
    }
}
