package org.calypsohsm.demo;

import java.util.Map;
import java.util.TreeMap;

import org.HdrHistogram.Histogram;
import org.calypsohsm.card.CardProduct;

/** What one worker measured, by product and module; merged at the end. Used by one thread. */
final class Figures {

    /** Exchanges up to a minute, with three digits. */
    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 3;

    /** A row of the final table. */
    record Key(CardProduct product, String module) implements Comparable<Key> {

        @Override
        public int compareTo(Key other) {
            int byProduct = product.compareTo(other.product);
            return byProduct != 0 ? byProduct : module.compareTo(other.module);
        }
    }

    /** The figures of one row. */
    static final class Row {

        final Histogram exchanges = new Histogram(HIGHEST_NANOS, DIGITS);
        long sessions;
        long failed;

        void add(Row other) {
            exchanges.add(other.exchanges);
            sessions += other.sessions;
            failed += other.failed;
        }
    }

    private final Map<Key, Row> rows = new TreeMap<>();

    Row row(CardProduct product, String module) {
        return rows.computeIfAbsent(new Key(product, module), key -> new Row());
    }

    void add(Figures other) {
        other.rows.forEach((key, row) -> row(key.product(), key.module()).add(row));
    }

    Map<Key, Row> rows() {
        return rows;
    }

    Row total() {
        Row total = new Row();
        rows.values().forEach(total::add);
        return total;
    }
}
