package org.calypsohsm.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.Services.OfStore;
import org.osgi.framework.ServiceReference;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Unit;

/**
 * The metrics of the platform. Nothing is counted here: everything is asked when Prometheus asks, so that a module that goes
 * takes its metrics along, and an exchange costs no more than before.
 */
final class PlatformMetrics implements MultiCollector {

    private static final String PLUGIN = "org.calypsohsm.product.SecurityPlugin";
    private static final String PRODUCT = "hsm.product";
    private static final List<String> MODULE_STATES =
            List.of("OFFLINE", "LOCKED", "SELF_TEST", "OPERATIONAL", "DRAINING", "FAILED", "END_OF_LIFE");
    private static final double NANOS = Duration.ofSeconds(1).toNanos();

    private final Services services;

    PlatformMetrics(Services services) {
        this.services = services;
    }

    @Override
    public MetricSnapshots collect() {
        MetricSnapshots.Builder metrics = MetricSnapshots.builder();
        channels(metrics);
        keyGroups(metrics);
        audit(metrics);
        products(metrics);
        return metrics.build();
    }

    private record Look(List<ModuleReport> modules, int waiting) {
    }

    private void channels(MetricSnapshots.Builder metrics) {
        Look look = services.use(ChannelManager.class, manager -> new Look(manager.modules(), manager.waiting()), null);
        metrics.metricSnapshot(gauge("hsm_channel_manager_present", "1 if there is a channel manager, without which no channel opens.",
                look == null ? 0 : 1));
        List<ModuleReport> modules = look == null ? List.of() : look.modules();
        metrics.metricSnapshot(gauge("hsm_channel_requests_waiting", "Requests that wait for a channel.", look == null ? 0 : look.waiting()));
        InfoSnapshot.Builder info = InfoSnapshot.builder().name("hsm_module").help("What a module is.");
        StateSetSnapshot.Builder states = StateSetSnapshot.builder().name("hsm_module_state").help("1 for the state that a module is in.");
        HistogramSnapshot.Builder times = HistogramSnapshot.builder().name("hsm_exchange_seconds").unit(Unit.SECONDS)
                .help("How long exchanges took; a sample of all, hsm_exchanges_total counts them.");
        for (ModuleReport module : modules) {
            info.dataPoint(InfoDataPointSnapshot.builder().labels(Labels.of("module", module.name(), "kind", module.kind(),
                    "serial", module.serialNumber(), "emulated", String.valueOf(module.emulated()))).build());
            states.dataPoint(states(labels(module), module.state(), MODULE_STATES));
            times.dataPoint(HistogramDataPointSnapshot.builder().labels(labels(module))
                    .classicHistogramBuckets(buckets(module.times())).sum(module.times().sum().toNanos() / NANOS).build());
        }
        metrics.metricSnapshot(info.build()).metricSnapshot(states.build()).metricSnapshot(times.build());
        metrics.metricSnapshot(gauge("hsm_module_channels", "Channels that a module has.", modules, ModuleReport::channelsTotal));
        metrics.metricSnapshot(gauge("hsm_module_channels_in_use", "Channels that are in use.", modules, ModuleReport::channelsInUse));
        metrics.metricSnapshot(counter("hsm_exchanges", "Exchanges since the module came.", modules, ModuleReport::exchanges));
        metrics.metricSnapshot(counter("hsm_channels_moved_in", "Channels that moved to the module.", modules, ModuleReport::movedIn));
        metrics.metricSnapshot(counter("hsm_channels_moved_out", "Channels that moved from the module.", modules, ModuleReport::movedOut));
        metrics.metricSnapshot(counter("hsm_sessions_lost", "Sessions that were lost with the module.", modules, ModuleReport::lost));
        List<ModuleReport> mortal = modules.stream().filter(module -> module.operationsTotal() > 0).toList();
        metrics.metricSnapshot(gauge("hsm_module_operations", "Operations of its lifetime that a module has used up.", mortal,
                ModuleReport::operationsUsed));
        metrics.metricSnapshot(gauge("hsm_module_operations_limit", "Operations that the lifetime of a module has.", mortal,
                ModuleReport::operationsTotal));
    }

    private static Labels labels(ModuleReport module) {
        return Labels.of("module", module.name());
    }

    private static StateSetDataPointSnapshot states(Labels labels, String state, List<String> all) {
        StateSetDataPointSnapshot.Builder point = StateSetDataPointSnapshot.builder().labels(labels);
        all.forEach(name -> point.state(name, name.equals(state)));
        return point.build();
    }

    private static ClassicHistogramBuckets buckets(ExchangeTimes times) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int i = 0; i < times.counts().size(); i++) {
            buckets.bucket(i < ExchangeTimes.BOUNDS.size() ? ExchangeTimes.BOUNDS.get(i).toNanos() / NANOS : Double.POSITIVE_INFINITY,
                    times.counts().get(i));
        }
        return buckets.build();
    }

    private void keyGroups(MetricSnapshots.Builder metrics) {
        StateSetSnapshot.Builder states = StateSetSnapshot.builder().name("hsm_key_store_state").help("1 for the state that a key store is in.");
        for (OfStore<KeyStoreStatus> store : services.stores(KeyStore::status)) {
            states.dataPoint(states(Labels.of("store", store.name()), store.value().state().name(),
                    List.of(KeyStoreStatus.State.values()).stream().map(Enum::name).toList()));
        }
        metrics.metricSnapshot(states.build());
        GaugeSnapshot.Builder inUse = GaugeSnapshot.builder().name("hsm_key_group_channels_in_use")
                .help("Channels that are open for a key group.");
        GaugeSnapshot.Builder quota = GaugeSnapshot.builder().name("hsm_key_group_channel_quota")
                .help("Channels that may be open for a key group, if it has a limit of its own.");
        services.stores(PlatformMetrics::groups).forEach(store -> store.value().forEach(group -> {
            Labels labels = Labels.of("store", store.name(), "group", String.valueOf(group.number()));
            inUse.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(group.inUse()).build());
            if (group.quota() > 0) {
                quota.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(group.quota()).build());
            }
        }));
        metrics.metricSnapshot(inUse.build()).metricSnapshot(quota.build());
        CounterSnapshot.Builder uses = CounterSnapshot.builder().name("hsm_key_uses").help("Event counters: uses of the keys they count.");
        GaugeSnapshot.Builder ceilings = GaugeSnapshot.builder().name("hsm_key_uses_ceiling")
                .help("Ceilings, at which the keys of a counter can no longer be used.");
        services.stores(EventCounter::all).forEach(store -> store.value().forEach(counter -> {
            Labels labels = Labels.of("store", store.name(), "group", String.valueOf(counter.group()), "counter",
                    String.valueOf(counter.number()));
            uses.dataPoint(CounterDataPointSnapshot.builder().labels(labels).value(counter.value()).build());
            ceilings.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(counter.ceiling()).build());
        }));
        metrics.metricSnapshot(uses.build()).metricSnapshot(ceilings.build());
    }

    private record Group(int number, int inUse, int quota) {
    }

    private static List<Group> groups(KeyStore store) {
        List<Group> groups = new ArrayList<>();
        for (int number : new TreeSet<>(store.keyGroups())) {
            KeyGroup group = store.keyGroup(number);
            if (group != null) {
                groups.add(new Group(number, group.channelsInUse(), group.channelQuota()));
            }
        }
        return groups;
    }

    private void audit(MetricSnapshots.Builder metrics) {
        Boolean writable = services.use(AuditTrail.class, trail -> trail.problem() == null, null);
        metrics.metricSnapshot(gauge("hsm_audit_log_present", "1 if there is an audit log.", writable == null ? 0 : 1));
        if (writable != null) {
            metrics.metricSnapshot(gauge("hsm_audit_log_writable", "1 unless the audit log refuses events.", writable ? 1 : 0));
            long newest = services.use(AuditTrail.class, AuditTrail::newest, -1L);
            if (newest >= 0) {
                metrics.metricSnapshot(CounterSnapshot.builder().name("hsm_audit_log_entries").help("Entries of the audit log.")
                        .dataPoint(CounterDataPointSnapshot.builder().value(newest).build()).build());
            }
        }
    }

    private void products(MetricSnapshots.Builder metrics) {
        TreeSet<String> names = new TreeSet<>();
        for (ServiceReference<?> plugin : services.references(PLUGIN)) {
            names.add(String.valueOf(plugin.getProperty(PRODUCT)));
        }
        InfoSnapshot.Builder info = InfoSnapshot.builder().name("hsm_product").help("Card products that a plugin is present for.");
        names.forEach(name -> info.dataPoint(InfoDataPointSnapshot.builder().labels(Labels.of("product", name)).build()));
        metrics.metricSnapshot(info.build());
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder().name(name).help(help).dataPoint(GaugeDataPointSnapshot.builder().value(value).build()).build();
    }

    private static GaugeSnapshot gauge(String name, String help, List<ModuleReport> modules, ToDoubleFunction<ModuleReport> value) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        modules.forEach(module -> gauge.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels(module)).value(value.applyAsDouble(module)).build()));
        return gauge.build();
    }

    private static CounterSnapshot counter(String name, String help, List<ModuleReport> modules, ToDoubleFunction<ModuleReport> value) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        modules.forEach(module -> counter.dataPoint(
                CounterDataPointSnapshot.builder().labels(labels(module)).value(value.applyAsDouble(module)).build()));
        return counter.build();
    }
}
