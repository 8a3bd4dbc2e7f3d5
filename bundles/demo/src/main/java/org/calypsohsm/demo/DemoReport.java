package org.calypsohsm.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonWriterFactory;
import jakarta.json.stream.JsonGenerator;

import org.HdrHistogram.Histogram;

/**
 * The final table, and the same as JSON.
 *
 * @param channels simultaneous channels
 * @param seconds  how long the sales took
 * @param figures  what was measured
 * @param swap     the live swap
 * @param reasons  the first failures
 */
record DemoReport(int channels, double seconds, Figures figures, DemoModules.Swap swap, List<String> reasons) {

    private static final double NANOS_PER_MICRO = 1000;

    boolean isClean() {
        return figures.total().failed == 0 && swap.report().lost() == 0;
    }

    void print(PrintStream out) {
        out.printf("%n%-8s %-12s %10s %8s %12s   %s%n", "product", "module", "sessions", "failed", "sessions/s",
                "exchange p50 / p95 / p99 (max)");
        figures.rows().forEach((key, row) -> print(out, key.product().name(), key.module(), row));
        print(out, "all", "all", figures.total());
        out.printf("%nSwapped %s for %s in %d ms with all channels in use: %,d moved, %,d sessions lost.%n", swap.from(),
                swap.to(), swap.report().took().toMillis(), swap.report().moved(), swap.report().lost());
        reasons.forEach(reason -> out.println("FAILED " + reason));
        out.printf("%,d simultaneous channels, %,d sessions, %,d failed, %.1f s.%n", channels, figures.total().sessions,
                figures.total().failed, seconds);
        out.println("Modules and cards are emulated, keys are public test keys, algorithms are reference profiles.");
    }

    private void print(PrintStream out, String product, String module, Figures.Row row) {
        out.printf("%-8s %-12s %,10d %,8d %,12.0f   %.1f / %.1f / %.1f us (%.1f ms)%n", product, module, row.sessions, row.failed,
                row.sessions / seconds, micros(row.exchanges, 50), micros(row.exchanges, 95), micros(row.exchanges, 99),
                row.exchanges.getMaxValue() / 1e6);
    }

    private static double micros(Histogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / NANOS_PER_MICRO;
    }

    void write(Path file) throws IOException {
        JsonArrayBuilder rows = Json.createArrayBuilder();
        figures.rows().forEach((key, row) -> rows.add(json(row)
                .add("product", key.product().name()).add("module", key.module())));
        JsonArrayBuilder failures = Json.createArrayBuilder();
        reasons.forEach(failures::add);
        JsonObjectBuilder document = Json.createObjectBuilder()
                .add("channels", channels).add("seconds", seconds).add("rows", rows).add("total", json(figures.total()))
                .add("failures", failures);
        document.add("swap", Json.createObjectBuilder()
                .add("from", swap.from()).add("to", swap.to()).add("millis", swap.report().took().toMillis())
                .add("moved", swap.report().moved()).add("closed", swap.report().closed())
                .add("waiting", swap.report().waiting()).add("lost", swap.report().lost()));
        JsonWriterFactory writers = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true));
        try (OutputStream out = Files.newOutputStream(file)) {
            writers.createWriter(out).writeObject(document.build());
        }
    }

    private JsonObjectBuilder json(Figures.Row row) {
        return Json.createObjectBuilder()
                .add("sessions", row.sessions).add("failed", row.failed).add("sessionsPerSecond", row.sessions / seconds)
                .add("exchangeMicros", Json.createObjectBuilder()
                        .add("p50", micros(row.exchanges, 50)).add("p95", micros(row.exchanges, 95))
                        .add("p99", micros(row.exchanges, 99)).add("max", row.exchanges.getMaxValue() / NANOS_PER_MICRO));
    }
}
