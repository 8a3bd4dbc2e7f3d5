package org.calypsohsm.benchmark;

import java.io.File;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import org.calypsohsm.startup.StartupException;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the benchmarks and prints each figure beside its bound. */
@Command(name = "hsm bench", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "Measures sale sessions through the channel API beside the raw block operations, the heap of an idle channel,",
    "and what durable counters cost.",
    "All are measured in the same run on the same cores; compare ratios, not single figures."})
public final class BenchmarkRun implements Callable<Integer> {

    private static final int DEFAULT_IDLE_CHANNELS = 100_000;
    private static final int COUNTER_SECONDS = 5;
    private static final int GATEWAY_SECONDS = 8;
    private static final int CARD_SECONDS = 5;

    @Option(names = "--quick", description = "Short measurements: a look, not a figure to quote.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
            description = "How often everything is measured; the median of the rounds counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that measure; default: one a processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--idle-channels", paramLabel = "N", defaultValue = "" + DEFAULT_IDLE_CHANNELS,
            description = "Channels to open for the heap of an idle channel; default: ${DEFAULT-VALUE}.")
    private int idleChannels;

    @Option(names = "--clients", paramLabel = "N", defaultValue = "1000",
            description = "Clients at once for the cost of durable counters and of the gateway (default: ${DEFAULT-VALUE}).")
    private int clients;

    @Option(names = "--gateway", description = "Measures nothing but the gateway.")
    private boolean gatewayOnly;

    @Option(names = "--card", description = "Measures nothing but the card process.")
    private boolean cardOnly;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the figures to this file.")
    private File json;

    @Option(names = "--verbose", description = "Shows what the harness prints.")
    private boolean verbose;

    /**
     * Runs from the command line.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        System.exit(new CommandLine(new BenchmarkRun()).execute(arguments));
    }

    @Override
    public Integer call() throws RunnerException, IOException, InterruptedException, StartupException, GeneralSecurityException {
        int measured = quick ? 1 : rounds;
        if (gatewayOnly) {
            measureGateway(measured);
            return 0;
        }
        if (cardOnly) {
            measureCard(measured);
            return 0;
        }
        System.out.printf("Measuring with %d threads, %d round(s), one forked JVM a figure; this takes about %d minutes.%n", threads,
                measured, quick ? 1 : 2 * rounds);
        List<Map<Profile, Map<String, Double>>> all = new ArrayList<>();
        for (int round = 0; round < measured; round++) {
            all.add(measureSessions());
        }
        Map<Profile, Map<String, Double>> figures = medians(all);
        print(figures);
        double bytes = IdleChannelHeap.bytesPerChannel(idleChannels);
        System.out.printf("%nAn idle open channel costs %.0f bytes of heap (%,d open on one module).%n", bytes, idleChannels);
        List<CounterLoad.Rates> counted = new ArrayList<>();
        for (int round = 0; round < measured; round++) {
            counted.add(new CounterLoad(clients, quick ? 2 : COUNTER_SECONDS).measure());
        }
        double durableRatio = median(counted, CounterLoad.Rates::ratio);
        System.out.printf("%nWith %,d asynchronous clients at once and a counted key: %,.0f sessions/s with"
                + " counters in memory, %,.0f/s with durable counters: %.0f%%.%n", clients, median(counted, CounterLoad.Rates::memory),
                median(counted, CounterLoad.Rates::durable), 100 * durableRatio);
        List<GatewayLoad.Result> gateway = measureGateway(measured);
        List<CardLoad.Rates> card = measureCard(measured);
        if (json != null) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("threads", threads);
            document.put("rounds", measured);
            document.put("sessionsPerSecond", figures);
            document.put("idleChannelBytes", bytes);
            document.put("idleChannels", idleChannels);
            document.put("clients", clients);
            document.put("durableToMemory", durableRatio);
            document.put("gatewayToEmbedded", ratio(gateway, GatewayLoad.Result::oneByOne, GatewayLoad.Rates::own));
            document.put("gatewayToEmbeddedTogether", ratio(gateway, GatewayLoad.Result::together, GatewayLoad.Rates::own));
            document.put("gatewayToEmbeddedTogetherShared", ratio(gateway, GatewayLoad.Result::together, GatewayLoad.Rates::shared));
            document.put("cardToEmbedded", median(card, CardLoad.Rates::rate));
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json, document);
        }
        return 0;
    }

    /** The median of each rate, and of each ratio within a round: a ratio of two rates of one round suffers least from noise. */
    private static Map<Profile, Map<String, Double>> medians(List<Map<Profile, Map<String, Double>>> rounds) {
        Map<Profile, Map<String, Double>> medians = new TreeMap<>();
        for (Profile profile : rounds.get(0).keySet()) {
            Map<String, Double> figures = new LinkedHashMap<>();
            for (String name : List.of("raw", "profile", "channel")) {
                figures.put(name, median(rounds, round -> round.get(profile).get(name)));
            }
            for (String name : List.of("profile", "channel")) {
                figures.put(name + "ToRaw", median(rounds, round -> round.get(profile).get(name) / round.get(profile).get("raw")));
            }
            medians.put(profile, figures);
        }
        return medians;
    }

    private static <T> double median(List<T> rounds, ToDoubleFunction<T> figure) {
        double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private Map<Profile, Map<String, Double>> measureSessions() throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(SessionBenchmark.class.getSimpleName())
                .threads(threads)
                .forks(1)
                .warmupIterations(quick ? 1 : 3)
                .warmupTime(TimeValue.seconds(quick ? 2 : 1))
                .measurementIterations(quick ? 1 : 3)
                .measurementTime(TimeValue.seconds(2))
                .jvmArgs("-Dorg.slf4j.simpleLogger.defaultLogLevel=error")
                .shouldFailOnError(true)
                .verbosity(verbose ? VerboseMode.NORMAL : VerboseMode.SILENT);
        Collection<RunResult> results = new Runner(options.build()).run();
        return results.stream().collect(Collectors.groupingBy(result -> Profile.valueOf(result.getParams().getParam("profile")),
                TreeMap::new, Collectors.toMap(BenchmarkRun::name, result -> result.getPrimaryResult().getScore())));
    }

    private List<GatewayLoad.Result> measureGateway(int measured) throws IOException, InterruptedException, GeneralSecurityException {
        List<GatewayLoad.Result> results = new ArrayList<>();
        for (int round = 0; round < measured; round++) {
            results.add(new GatewayLoad(clients, quick ? 3 : GATEWAY_SECONDS).measure());
        }
        System.out.printf("%nSale sessions of %,d asynchronous clients over a gateway, beside the same in the process%n", clients);
        System.out.printf("%-48s %12s %8s %14s %10s %10s %14s%n", "", "sessions/s", "ratio", "CPU/session", "client", "Jetty", "module");
        print("13 turns: one exchange at a time", results, GatewayLoad.Result::oneByOne);
        print("3 turns: exchanges sent together", results, GatewayLoad.Result::together);
        double turn = median(results, GatewayLoad.Result::bareTlsMicros);
        System.out.printf("A turn over TLS alone, without WebSocket, gateway and session, takes %.0f us: %.0f us for 13, %.0f us for 3.%n", turn,
                13 * turn, 3 * turn);
        return results;
    }

    private static void print(String turns, List<GatewayLoad.Result> results, Function<GatewayLoad.Result, GatewayLoad.Rates> rates) {
        print(turns + ", in the process", results, rates, GatewayLoad.Rates::embedded);
        print("  on connections of their own", results, rates, GatewayLoad.Rates::own);
        print("  on " + GatewayLoad.FEW_CONNECTIONS + " connections", results, rates, GatewayLoad.Rates::shared);
    }

    private static void print(String way, List<GatewayLoad.Result> results, Function<GatewayLoad.Result, GatewayLoad.Rates> rates,
            Function<GatewayLoad.Rates, GatewayLoad.Rate> rate) {
        ToDoubleFunction<ToDoubleFunction<GatewayLoad.Rate>> figure =
                part -> median(results, one -> part.applyAsDouble(rate.apply(rates.apply(one))));
        System.out.printf("%-48s %,12.0f %7.0f%% %,11.0f us %,7.0f us %,7.0f us %,11.0f us%n", way,
                figure.applyAsDouble(GatewayLoad.Rate::perSecond), 100 * ratio(results, rates, rate),
                figure.applyAsDouble(GatewayLoad.Rate::cpuMicros), figure.applyAsDouble(GatewayLoad.Rate::clientMicros),
                figure.applyAsDouble(GatewayLoad.Rate::serverMicros), figure.applyAsDouble(GatewayLoad.Rate::moduleMicros));
    }

    /** @return the rate of a way to that in the process, in the same round */
    private static double ratio(List<GatewayLoad.Result> results, Function<GatewayLoad.Result, GatewayLoad.Rates> rates,
            Function<GatewayLoad.Rates, GatewayLoad.Rate> rate) {
        return median(results, one -> rate.apply(rates.apply(one)).perSecond() / rates.apply(one).embedded().perSecond());
    }

    private List<CardLoad.Rates> measureCard(int measured) throws IOException, InterruptedException {
        List<CardLoad.Rates> rates = new ArrayList<>();
        for (int round = 0; round < measured; round++) {
            rates.add(new CardLoad(quick ? 3 : CARD_SECONDS).measure());
        }
        System.out.printf("%nCard process to this process: an exchange of one client takes %.1f us to %.1f us (%.1f times); %,.0f sessions/s"
                + " to %,.0f with 16 clients (%.0f%%).%n", median(rates, CardLoad.Rates::cardMicros),
                median(rates, CardLoad.Rates::embeddedMicros), median(rates, CardLoad.Rates::micros), median(rates, CardLoad.Rates::cardRate),
                median(rates, CardLoad.Rates::embeddedRate), 100 * median(rates, CardLoad.Rates::rate));
        return rates;
    }

    private static String name(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    private static void print(Map<Profile, Map<String, Double>> rates) {
        System.out.printf("%nSale sessions per second (13 exchanges each, all threads together)%n");
        System.out.printf("%-12s %14s %14s %14s %16s %16s%n", "profile", "raw crypto", "profile alone", "channel API",
                "profile / raw", "channel / raw");
        rates.forEach((profile, rate) -> System.out.printf("%-12s %,14.0f %,14.0f %,14.0f %15.0f%% %15.0f%%%n", profile,
                rate.get("raw"), rate.get("profile"), rate.get("channel"),
                100 * rate.get("profileToRaw"), 100 * rate.get("channelToRaw")));
    }
}
