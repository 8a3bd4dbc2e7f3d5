package org.calypsohsm.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.ToIntFunction;

import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.feature.FeatureManager;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * The command {@code demo}: opens all channels, sells over all of them at once, swaps a module in the middle, and reports.
 * Options: {@code via} (String: EMBEDDED, CARD, PCSC or GATEWAY), {@code channels} and {@code sessions} (Integer), {@code modules}
 * (List of String), {@code json} (Path, optional), {@code cards} (List of Map, with CARD: configurations of modules).
 */
@Component(property = "hsm.command=demo")
public final class DemoCommand implements ToIntFunction<Map<String, Object>> {

    private static final String PCSC = "PCSC";
    private static final String CARD = "CARD";
    private static final int EXIT_FAILED = 1;
    private static final long LOOK_MILLIS = 50;
    private static final String GATEWAY = "GATEWAY";
    /** While one waits for an answer from the network, others go on. */
    private static final int REMOTE_WORKERS = 64;

    private final ChannelManager channels;
    private final ConfigurationAdmin configurations;
    private final FeatureManager features;
    private final PrintStream out = System.out;

    /**
     * Makes the command.
     *
     * @param channels       the channel manager
     * @param configurations to make modules with
     * @param features       to install a gateway with, if one is asked for; null if there is none
     */
    @Activate
    public DemoCommand(@Reference ChannelManager channels, @Reference ConfigurationAdmin configurations,
            @Reference(cardinality = ReferenceCardinality.OPTIONAL, policyOption = ReferencePolicyOption.GREEDY) FeatureManager features) {
        this.channels = channels;
        this.configurations = configurations;
        this.features = features;
    }

    @Override
    public int applyAsInt(Map<String, Object> options) {
        try {
            String via = (String) options.get("via");
            DemoModules modules = PCSC.equals(via) ? new CardModules(configurations, channels)
                    : CARD.equals(via) ? new DeviceModules(configurations, channels, (List<?>) options.get("cards"))
                    : new DemoModules(configurations, channels);
            DemoReport report = run(modules, (Integer) options.get("channels"), (Integer) options.get("sessions"),
                    ((List<?>) options.get("modules")).stream().map(String.class::cast).toList(), via);
            report.print(out);
            if (options.get("json") instanceof Path file) {
                report.write(file);
            }
            return report.isClean() ? 0 : EXIT_FAILED;
        } catch (DemoException | ChannelException e) {
            System.err.println("hsm demo: " + e.getMessage());
        } catch (IOException e) {
            System.err.println("hsm demo: the figures cannot be written: " + e.getMessage() + ".");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            System.err.println("hsm demo: interrupted.");
        }
        return EXIT_FAILED;
    }

    private DemoReport run(DemoModules modules, int channelCount, int sessions, List<String> descriptions, String via)
            throws DemoException, ChannelException, InterruptedException {
        for (String description : descriptions) {
            modules.make(description);
        }
        if (modules.capacity() < channelCount) {
            throw new DemoException("The modules " + descriptions + " have " + modules.capacity() + " channels, fewer than "
                    + channelCount + "; add modules with --modules, or ask for fewer with --channels.");
        }
        if (!GATEWAY.equals(via)) {
            return run(channels, Runtime.getRuntime().availableProcessors(), channelCount, sessions, modules);
        }
        try (Gateway gateway = Gateway.start(features, configurations)) {
            out.println("Clients reach the platform through a gateway, over TLS 1.3 with certificates.");
            return run(gateway.channels(), REMOTE_WORKERS, channelCount, sessions, modules);
        }
    }

    private DemoReport run(ChannelManager way, int workers, int channelCount, int sessions, DemoModules modules)
            throws DemoException, ChannelException, InterruptedException {
        Season season = new Season(sessions);
        List<Till> tills = open(way, channelCount, sessions, season);
        try {
            return sell(tills, Math.min(workers, tills.size()), sessions, season, modules);
        } finally {
            tills.forEach(Till::close);
        }
    }

    private List<Till> open(ChannelManager way, int count, int sessions, Season season) throws ChannelException, InterruptedException {
        // A channel may wait long for its turn when the machine is busy, so it is not taken back meanwhile.
        ChannelRequest request = ChannelRequest.forKeyGroup(Season.KEY_GROUP).withIdleTimeout(Duration.ofMinutes(10));
        List<Till> tills = new ArrayList<>(count);
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            Channel channel = way.open(request);
            tills.add(new Till(channel, season, sessions / count + (i < sessions % count ? 1 : 0)));
        }
        out.printf("%,d channels are open after %d ms: %s.%n", count, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start),
                String.join(", ", channels.modules().stream().filter(report -> report.channelsInUse() > 0)
                        .map(report -> report.name() + " " + report.channelsInUse()).toList()));
        return tills;
    }

    private DemoReport sell(List<Till> tills, int workers, int sessions, Season season, DemoModules modules)
            throws DemoException, InterruptedException {
        ExecutorService executor = Executors.newFixedThreadPool(workers + 1);
        try {
            Progress progress = new Progress(out, "Sold", sessions);
            long start = System.nanoTime();
            List<Future<Figures>> working = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                List<Till> share = tills.subList(tills.size() * i / workers, tills.size() * (i + 1) / workers);
                working.add(executor.submit(() -> work(share)));
            }
            Future<DemoModules.Swap> swapping = executor.submit(() -> {
                season.awaitHalf();
                progress.say("Half of the sales are made: the first module is replaced while all go on.");
                return modules.swapFirst();
            });
            while (season.endedSales() < sessions) {
                progress.show(season.endedSales(), season.failedSales());
                awaitSome(working);
            }
            Figures figures = new Figures();
            for (Future<Figures> worker : working) {
                figures.add(worker.get());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            progress.end(season.endedSales(), season.failedSales());
            return new DemoReport(tills.size(), seconds, figures, swapping.get(), season.reasons());
        } catch (ExecutionException e) {
            throw new DemoException("It broke off: " + e.getCause() + ".");
        } finally {
            executor.shutdownNow();
        }
    }

    /** Waits a moment, or until a worker is through; a worker that broke off ends the demo. */
    private static void awaitSome(List<Future<Figures>> working) throws ExecutionException, InterruptedException {
        try {
            working.get(0).get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            for (Future<Figures> worker : working) {
                worker.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (TimeoutException e) {
            // The usual case: they go on.
        }
    }

    /**
     * Does one exchange on each till in turn: sales one after the other would never be in progress together. The tills
     * begin one exchange apart, so that a swap meets sessions at every step.
     */
    private static Figures work(List<Till> tills) {
        Figures figures = new Figures();
        List<Till> open = new ArrayList<>(tills.size());
        for (int round = 0; round < Sale.EXCHANGES; round++) {
            for (int i = round; i < tills.size(); i += Sale.EXCHANGES) {
                open.add(tills.get(i));
            }
            exchange(open, figures);
        }
        while (!open.isEmpty()) {
            exchange(open, figures);
        }
        return figures;
    }

    private static void exchange(List<Till> open, Figures figures) {
        open.removeIf(till -> {
            if (!till.isDone()) {
                till.exchange(figures);
            }
            return till.isDone();
        });
    }
}
