package org.calypsohsm.fuzz;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What was sent, what was answered, and how far the flows got. */
final class Totals {

    private static final int SHORT = Expectation.STATUS_WORDS.length;

    /** By INS, then by status word; APDUs without an INS are the last row. */
    private final long[][] answers = new long[257][SHORT];
    /** By flow: how often it was done to its end as it should be, and how often in all. */
    private final Map<Flow.Kind, long[]> flows = new EnumMap<>(Flow.Kind.class);
    private long probes;

    void count(byte[] command, int statusWord) {
        answers[command.length < 2 ? 256 : command[1] & 0xFF][Expectation.index(statusWord)]++;
    }

    void count(Flow.Kind kind, boolean right) {
        long[] counts = flows.computeIfAbsent(kind, key -> new long[2]);
        counts[0] += right ? 1 : 0;
        counts[1]++;
    }

    void countProbe() {
        probes++;
    }

    void add(Totals other) {
        for (int ins = 0; ins < answers.length; ins++) {
            for (int i = 0; i < SHORT; i++) {
                answers[ins][i] += other.answers[ins][i];
            }
        }
        other.flows.forEach((kind, counts) -> {
            long[] sums = flows.computeIfAbsent(kind, key -> new long[2]);
            sums[0] += counts[0];
            sums[1] += counts[1];
        });
        probes += other.probes;
    }

    long apdus() {
        long sum = 0;
        for (long[] row : answers) {
            for (long count : row) {
                sum += count;
            }
        }
        return sum;
    }

    /** @return what never came and must come in a run of some length; empty if all came */
    List<String> missing() {
        List<String> missing = new ArrayList<>();
        for (int ins : Expectation.INSTRUCTIONS) {
            if (answers[ins][Expectation.index(0x9000)] == 0) {
                missing.add(String.format("instruction %02X never answered 9000", ins));
            }
        }
        for (int i = 0; i < SHORT; i++) {
            long sum = 0;
            for (long[] row : answers) {
                sum += row[i];
            }
            if (sum == 0) {
                missing.add(String.format("status word %04X never came", Expectation.STATUS_WORDS[i]));
            }
        }
        for (Flow.Kind kind : Flow.Kind.values()) {
            if (!flows.containsKey(kind) || flows.get(kind)[0] == 0) {
                missing.add("flow " + kind + " was never done to its end");
            }
        }
        return missing;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("INS   ");
        for (int statusWord : Expectation.STATUS_WORDS) {
            text.append(String.format("%10s", String.format("%04X", statusWord)));
        }
        text.append(System.lineSeparator());
        long[] unknown = new long[SHORT];
        for (int ins = 0; ins < answers.length; ins++) {
            boolean known = false;
            for (int listed : Expectation.INSTRUCTIONS) {
                known |= listed == ins;
            }
            if (known || ins == 0xC0) {
                row(text, String.format("%02X", ins), answers[ins]);
            } else {
                for (int i = 0; i < SHORT; i++) {
                    unknown[i] += answers[ins][i];
                }
            }
        }
        row(text, "other", unknown);
        text.append(System.lineSeparator()).append("Flows done to their end as they should be, of all begun:").append(System.lineSeparator());
        flows.forEach((kind, counts) -> text.append(String.format("  %-22s %,12d of %,12d%n", kind, counts[0], counts[1])));
        text.append(String.format("  %-22s %,12d%n", "probes", probes));
        return text.toString();
    }

    private static void row(StringBuilder text, String name, long[] counts) {
        text.append(String.format("%-6s", name));
        for (long count : counts) {
            text.append(count == 0 ? "         ." : String.format("%10d", count));
        }
        text.append(System.lineSeparator());
    }
}
