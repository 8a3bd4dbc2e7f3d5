package org.calypsohsm.demo;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
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
    private final LongAdder ended = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final ConcurrentLinkedQueue<String> reasons = new ConcurrentLinkedQueue<>();

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
        ended.increment();
    }

    long endedSales() {
        return ended.sum();
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
