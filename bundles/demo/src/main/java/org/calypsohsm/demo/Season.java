package org.calypsohsm.demo;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardProduct;

/** What all tills share: the customers, and how many sales have ended. */
final class Season {

    static final int KEY_GROUP = 0;

    /** The AES extension of Tango is no known product, so the season does without it. */
    private static final CardProduct[] PRODUCTS = {CardProduct.CD97, CardProduct.CD21, CardProduct.TANGO};
    private static final int KEPT_FAILURES = 10;

    private final AtomicInteger customers = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final int half;
    private final CountDownLatch halfEnded = new CountDownLatch(1);
    private final LongAdder failures = new LongAdder();
    private final ConcurrentLinkedQueue<String> reasons = new ConcurrentLinkedQueue<>();

    /** @param sales how many there will be */
    Season(int sales) {
        half = (sales + 1) / 2;
    }

    int nextCustomer() {
        return customers.incrementAndGet();
    }

    CardProduct product(int customer) {
        return PRODUCTS[customer % PRODUCTS.length];
    }

    Card card(CardProduct product, int customer) {
        return Card.builder(product).keyGroup(KEY_GROUP).serialNumber(customer).build();
    }

    void ended() {
        if (ended.incrementAndGet() == half) {
            halfEnded.countDown();
        }
    }

    /** Returns when half of the sales have ended. */
    void awaitHalf() throws InterruptedException {
        halfEnded.await();
    }

    long endedSales() {
        return ended.get();
    }

    void failed(long channel, String module, CardProduct product, Exception reason) {
        failures.increment();
        if (reasons.size() < KEPT_FAILURES) {
            reasons.add("Channel " + channel + " on module " + module + ", " + product + ": " + reason.getMessage());
        }
    }

    long failedSales() {
        return failures.sum();
    }

    /** @return the first failures, each in one sentence */
    List<String> reasons() {
        return List.copyOf(reasons);
    }
}
