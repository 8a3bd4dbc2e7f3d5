package org.calypsohsm.itest.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;

/**
 * Clients with a channel each, busy with one sale after the other at a steady pace. An exchange is timed from the moment it
 * was due, so that one that is held up by another counts as late too.
 */
final class Clients {

    private static final CardProduct[] PRODUCTS = {CardProduct.CD97, CardProduct.CD21, CardProduct.TANGO};
    private static final int KEPT_FAILURES = 10;
    private static final long HIGHEST_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final int DIGITS = 3;
    /** Enough that one exchange that is held up makes few others late. */
    private static final int THREADS = 32;

    private final long roundNanos;
    private final List<Client> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger customers = new AtomicInteger();
    private final LongAdder sessions = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Queue<String> reasons = new ConcurrentLinkedQueue<>();
    private final Map<String, Histogram> exchanges = new ConcurrentHashMap<>();
    private volatile Histogram current;
    private volatile String phase;
    private volatile boolean stopping;

    /** @param sessionMillis how long a session lasts */
    Clients(int sessionMillis) {
        roundNanos = TimeUnit.MILLISECONDS.toNanos(sessionMillis) / Sale.EXCHANGES;
        phase("between swaps");
    }

    void add(Channel channel) {
        // They begin one exchange apart, so that a swap meets sessions at every step.
        clients.add(new Client(channel, clients.size() % Sale.EXCHANGES));
    }

    /** Counts exchanges that are due from now on under a name. */
    void phase(String name) {
        phase = name;
        current = exchanges.computeIfAbsent(name, added -> new ConcurrentHistogram(HIGHEST_NANOS, DIGITS));
    }

    /** @return the name under which exchanges are counted */
    String phase() {
        return phase;
    }

    void start() {
        int count = Math.min(THREADS, clients.size());
        for (int i = 0; i < count; i++) {
            List<Client> share = clients.subList(clients.size() * i / count, clients.size() * (i + 1) / count);
            Thread thread = new Thread(() -> work(share), "soak-client-" + i);
            threads.add(thread);
            thread.start();
        }
    }

    /** Ends each client with its session in progress, and closes its channel. */
    void stop() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join();
        }
        clients.forEach(client -> client.channel.close());
        clients.clear();
    }

    private void work(List<Client> share) {
        long step = roundNanos / share.size();
        long due = System.nanoTime();
        boolean busy = true;
        while (busy) {
            busy = false;
            for (int i = 0; i < share.size(); i++, due += step) {
                for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                    LockSupport.parkNanos(wait);
                }
                busy |= share.get(i).exchange(due);
            }
        }
    }

    long sessions() {
        return sessions.sum();
    }

    long failed() {
        return failed.sum();
    }

    List<String> reasons() {
        return List.copyOf(reasons);
    }

    Map<String, Histogram> exchanges() {
        return new TreeMap<>(exchanges);
    }

    /** One channel, and the sale in progress on it. */
    private final class Client {

        private final Channel channel;
        private int pause;
        private Sale sale;
        private CardProduct product;

        /** @param pause how many rounds it waits before its first exchange */
        Client(Channel channel, int pause) {
            this.channel = channel;
            this.pause = pause;
        }

        /** @return false if it has stopped */
        boolean exchange(long due) {
            if (pause > 0) {
                pause--;
                return true;
            }
            if (sale == null) {
                if (stopping) {
                    return false;
                }
                int customer = customers.incrementAndGet();
                product = PRODUCTS[customer % PRODUCTS.length];
                sale = new Sale(Card.builder(product).keyGroup(0).serialNumber(customer).build(), CardCommands.of(product), customer);
            }
            Histogram histogram = current;
            try {
                if (sale.exchange(channel::exchange)) {
                    sessions.increment();
                    sale = null;
                }
            } catch (Exception e) {
                failed.increment();
                if (reasons.size() < KEPT_FAILURES) {
                    reasons.add("Channel " + channel.id() + ", " + product + ": " + e.getMessage());
                }
                sale = null;
            }
            histogram.recordValue(Math.min(HIGHEST_NANOS, Math.max(0, System.nanoTime() - due)));
            return true;
        }
    }
}
