package org.calypsohsm.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What was sent, what was answered, and how far the flows got. */
final class Totals {

    /** From so many APDUs on every one of the 256 instructions must have been sent. */
    private static final int ALL_INSTRUCTIONS_FROM = 250_000;
    private static final int STATUS_WORDS = Expectation.STATUS_WORDS.length;

    /** By INS, then by status word; APDUs without an INS are the last row. */
    private final long[][] answers = new long[257][STATUS_WORDS];
    /** By flow: how often it was done to its end as it should be, and how often in all. */
    private final Map<Flow.Kind, long[]> flows = new EnumMap<>(Flow.Kind.class);
    private final Map<String, Integer> deepest = new TreeMap<>();
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

    /** Keeps the greatest number that something got to. */
    void deepest(String what, int number) {
        deepest.merge(what, number, Math::max);
    }

    void add(Totals other) {
        other.deepest.forEach(this::deepest);
        for (int ins = 0; ins < answers.length; ins++) {
            for (int i = 0; i < STATUS_WORDS; i++) {
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
        for (int i = 0; i < STATUS_WORDS; i++) {
            long sum = 0;
            for (long[] row : answers) {
                sum += row[i];
            }
            if (sum == 0) {
                missing.add(String.format("status word %04X never came", Expectation.STATUS_WORDS[i]));
            }
        }
        boolean isLong = apdus() >= ALL_INSTRUCTIONS_FROM;
        for (int ins = 0; isLong && ins < 256; ins++) {
            if (Arrays.stream(answers[ins]).sum() == 0) {
                missing.add(String.format("instruction %02X was never sent", ins));
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
        long[] unknown = new long[STATUS_WORDS];
        for (int ins = 0; ins < answers.length; ins++) {
            boolean known = false;
            for (int listed : Expectation.INSTRUCTIONS) {
                known |= listed == ins;
            }
            if (known || ins == 0xC0) {
                row(text, String.format("%02X", ins), answers[ins]);
            } else {
                for (int i = 0; i < STATUS_WORDS; i++) {
                    unknown[i] += answers[ins][i];
                }
            }
        }
        row(text, "other", unknown);
        text.append(System.lineSeparator()).append("Flows done to their end as they should be, of all begun:").append(System.lineSeparator());
        flows.forEach((kind, counts) -> text.append(String.format("  %-22s %,12d of %,12d%n", kind, counts[0], counts[1])));
        text.append(String.format("  %-22s %,12d%n%nThe most that was reached:%n", "probes", probes));
        deepest.forEach((what, number) -> text.append(String.format("  %-42s %,12d%n", what, number)));
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
