package org.calypsohsm.itest.soak;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.systemPackages;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.HdrHistogram.Histogram;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** Swaps everything that can be swapped, in turn, while all channels are busy; nothing may fail and nothing may stay. */
public class SwapSoak extends HsmTest {

    static final String SWAPS = "hsm.soak.swaps";
    static final String CHANNELS = "hsm.soak.channels";
    static final String SESSION_MILLIS = "hsm.soak.sessionMillis";

    private static final String PCI_S3 = "org.calypsohsm.provider.pcis3";
    private static final String SAM_S20 = "org.calypsohsm.provider.sams20";
    private static final String[] PRODUCTS = {"org.calypsohsm.product.cd97", "org.calypsohsm.product.cd21", "org.calypsohsm.product.tango"};
    private static final Duration DRAIN = Duration.ofSeconds(60);
    private static final double NANOS_PER_MILLI = 1e6;

    private final List<WeakReference<ClassLoader>> replaced = new ArrayList<>();
    private ConfigurationAdmin configurations;
    private ChannelManager channels;
    private Clients clients;
    private Machine machine;
    private Configuration module;
    private int modules;

    /** What is swapped. */
    private enum Kind {
        MODULE("PCI-S3 for another PCI-S3"),
        CARD_TO_MODULE("SAM-S20 drained to the PCI-S3"),
        PROVIDER_UPDATE("provider bundle of the SAM-S20 updated"),
        PROVIDER_REINSTALL("provider bundle of the SAM-S20 uninstalled and installed"),
        PLUGIN_UPDATE("product plugin updated"),
        PLUGIN_REINSTALL("product plugin uninstalled and installed"),
        PLUGIN_REFRESH("product plugin refreshed");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /** A module that is swapped fills the SAM-S20 with channels again. */
    private static final List<Kind> ROUND = List.of(Kind.MODULE, Kind.CARD_TO_MODULE, Kind.PLUGIN_UPDATE, Kind.MODULE, Kind.PROVIDER_UPDATE,
            Kind.PLUGIN_REINSTALL, Kind.MODULE, Kind.PROVIDER_REINSTALL, Kind.PLUGIN_REFRESH);

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().withoutFaults().options(systemPackages("org.HdrHistogram")).configuration("""
                    {
                      "org.calypsohsm.keystore.test": {"groups": [0]},
                      "org.calypsohsm.manager": {"drainMillis:Long": 60000},
                      "org.calypsohsm.provider.sams20~card": {"hsm.module.name": "card", "serialNumber": "C0000001", "keyGroups": [0]}
                    }
                    """);
    }

    /**
     * Runs the soak.
     *
     * @throws Exception if it cannot go on
     */
    @Test
    public void nothingFailsAndNothingStays() throws Exception {
        int swaps = Integer.getInteger(SWAPS, 7);
        configurations = hsm().await(ConfigurationAdmin.class);
        channels = hsm().channels();
        module = newModule();
        // Everything once, so that what is made at the first use is there before it is counted.
        clients = new Clients(Integer.getInteger(SESSION_MILLIS, 1000));
        open(Integer.getInteger(CHANNELS, 500));
        try (Machine meter = new Machine(clients::phase)) {
            machine = meter;
            soak(swaps);
        }
    }

    private void soak(int swaps) throws Exception {
        clients.start();
        for (Kind kind : ROUND) {
            swap(kind, 0);
        }
        Set<String> threadsBefore = threads();
        long failedBefore = clients.failed();
        long begun = System.nanoTime();
        long sessionsBefore = clients.sessions();
        clients.exchanges().values().forEach(Histogram::reset);
        machine.reset();
        for (int i = 0; i < swaps; i++) {
            swap(ROUND.get(i % ROUND.size()), i / ROUND.size());
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        long sessions = clients.sessions() - sessionsBefore;
        Set<String> threadsAfter = threads();
        int open = channels.channels().size();
        clients.stop();
        report(swaps, seconds, sessions, open);
        assertEquals("sessions that failed: " + clients.reasons(), 0, clients.failed());
        assertEquals("sessions that failed in the warm-up", 0, failedBefore);
        assertTrue("sessions were made", sessions > 0);
        assertLeavesNothing(threadsBefore, threadsAfter);
    }

    private void open(int count) throws Exception {
        ChannelRequest request = ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO);
        for (int i = 0; i < count; i++) {
            clients.add(channels.open(request));
        }
    }

    // ---- the swaps

    private void swap(Kind kind, int turn) throws Exception {
        if (kind == Kind.CARD_TO_MODULE || kind == Kind.PROVIDER_UPDATE || kind == Kind.PROVIDER_REINSTALL) {
            // The swap of the module before has moved channels to it.
            assertTrue("the SAM-S20 has busy channels", hsm().awaitModule("card").channelsInUse() > 0);
        }
        clients.phase(kind.words);
        long failed = clients.failed();
        switch (kind) {
            case MODULE -> swapModule();
            case CARD_TO_MODULE -> {
                drain("card");
                channels.undrain("card");
            }
            case PROVIDER_UPDATE -> update(hsm().bundle(SAM_S20));
            case PROVIDER_REINSTALL -> reinstall(hsm().bundle(SAM_S20));
            case PLUGIN_UPDATE -> update(product(turn));
            case PLUGIN_REINSTALL -> reinstall(product(turn));
            default -> refresh(product(turn));
        }
        hsm().awaitReady();
        // What is held up by the swap is done within a session.
        TimeUnit.MILLISECONDS.sleep(Integer.getInteger(SESSION_MILLIS, 1000) / 4);
        clients.phase("between swaps");
        if (clients.failed() > failed) {
            System.out.println("FAILED in a swap, " + kind.words + ": " + clients.reasons());
        }
        TimeUnit.MILLISECONDS.sleep(Integer.getInteger(SESSION_MILLIS, 1000) / 4);
    }

    private Bundle product(int turn) {
        return hsm().bundle(PRODUCTS[turn % PRODUCTS.length]);
    }

    private Configuration newModule() throws IOException {
        String name = "main-" + ++modules;
        Dictionary<String, Object> properties = new Hashtable<>(Map.of("hsm.module.name", name, "model", 5000,
                "serialNumber", String.format("B%07X", modules), "keyGroups", new int[] {0}));
        Configuration made = configurations.createFactoryConfiguration(PCI_S3, "?");
        made.update(properties);
        hsm().awaitModule(name);
        return made;
    }

    private void swapModule() throws Exception {
        Configuration old = module;
        module = newModule();
        drain(String.valueOf(old.getProperties().get("hsm.module.name")));
        old.delete();
        String gone = "main-" + (modules - 1);
        hsm().await("module " + gone + " is gone", () -> channels.modules().stream().noneMatch(report -> report.name().equals(gone)));
    }

    private void drain(String name) throws Exception {
        DrainReport report = channels.drain(name, DRAIN).toCompletableFuture().get(2 * DRAIN.toSeconds(), TimeUnit.SECONDS);
        assertEquals("sessions lost in the drain of " + name, 0, report.lost());
    }

    private void update(Bundle bundle) throws BundleException, IOException, InterruptedException {
        remember(bundle);
        try (InputStream jar = URI.create(bundle.getLocation()).toURL().openStream()) {
            bundle.update(jar);
        }
        refresh(bundle);
    }

    private void reinstall(Bundle bundle) throws BundleException, IOException, InterruptedException {
        remember(bundle);
        String location = bundle.getLocation();
        bundle.uninstall();
        refresh(bundle);
        hsm().context().installBundle(location).start();
    }

    private void refresh(Bundle bundle) throws InterruptedException {
        if (bundle.getState() == Bundle.ACTIVE) {
            remember(bundle);
        }
        CountDownLatch done = new CountDownLatch(1);
        hsm().context().getBundle(0).adapt(FrameworkWiring.class).refreshBundles(List.of(bundle), event -> {
            if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                done.countDown();
            }
        });
        assertTrue("the framework refreshes " + bundle.getSymbolicName(), done.await(2 * DRAIN.toSeconds(), TimeUnit.SECONDS));
    }

    private void remember(Bundle bundle) {
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        if (wiring != null) {
            replaced.add(new WeakReference<>(wiring.getClassLoader()));
        }
    }

    // ---- what may be left

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).map(name -> name.replaceAll("\\d+", "#"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void assertLeavesNothing(Set<String> threadsBefore, Set<String> threadsAfter) {
        threadsAfter.removeAll(threadsBefore);
        assertEquals("threads that were not there before", Set.of(), threadsAfter);
        assertEquals("channels", List.of(), channels.channels());
        channels.modules().forEach(report -> assertEquals("channels of " + report.name(), 0, report.channelsInUse()));
        assertEquals("modules", 1, Heap.count("org.calypsohsm.provider.pcis3.PciS3Module"));
        assertEquals("channels in the heap", 0, Heap.count("org.calypsohsm.manager.ManagedChannel"));
        assertEquals("virtual SAMs in the heap", 0, Heap.count("org.calypsohsm.sam.VirtualSam"));
        hsm().await("no class loader of a replaced bundle is left", () -> {
            System.gc();
            return replaced.stream().allMatch(loader -> loader.get() == null);
        });
    }

    private void report(int swaps, double seconds, long sessions, int open) {
        System.out.printf("%n%,d swaps in %.0f s with %,d channels open: %,d sessions (%,.0f/s), %d failed.%n", swaps, seconds, open,
                sessions, sessions / seconds, clients.failed());
        System.out.printf("%-62s %10s %8s %8s %8s %8s %8s  ms from when it was due%n", "exchanges", "count", "p50", "p99", "p99.9", "max",
                "machine");
        Map<String, Double> held = machine.longest();
        Histogram during = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);
        clients.exchanges().forEach((phase, histogram) -> {
            print(phase, histogram, held.getOrDefault(phase, 0.0));
            if (!phase.equals("between swaps")) {
                during.add(histogram);
            }
        });
        held.remove("between swaps");
        print("all swaps", during, held.values().stream().max(Double::compare).orElse(0.0));
    }

    private static void print(String phase, Histogram histogram, double machine) {
        System.out.printf("%-62s %,10d %8.2f %8.2f %8.2f %8.2f %8.2f%n", phase, histogram.getTotalCount(),
                histogram.getValueAtPercentile(50) / NANOS_PER_MILLI, histogram.getValueAtPercentile(99) / NANOS_PER_MILLI,
                histogram.getValueAtPercentile(99.9) / NANOS_PER_MILLI, histogram.getMaxValue() / NANOS_PER_MILLI, machine);
    }
}
