package org.calypsohsm.console;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Exchanges features by order of somebody at the console, one exchange at a time, and remembers how the last one went. */
@Component(service = Swaps.class)
public final class Swaps {

    /** Which features there are is asked only so often, since files are read for it. */
    private static final long FEATURES_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * How an exchange is going.
     *
     * @param change       what is exchanged, in words
     * @param by           who ordered it
     * @param running      true while it is in progress
     * @param well         true if it succeeded; means nothing while it is running
     * @param sentence     what is being done, or how it ended
     * @param channelsLeft channels that still have to leave
     */
    record Progress(String change, String by, boolean running, boolean well, String sentence, int channelsLeft) {
    }

    private record Order(FeatureOperation operation, String by) {
    }

    private record Known(long at, List<FeatureInfo> features) {
    }

    private final Services services;
    private final AtomicReference<Order> last = new AtomicReference<>();
    private volatile Known known;

    /**
     * Makes it.
     *
     * @param context context of the bundle
     */
    @Activate
    public Swaps(BundleContext context) {
        services = new Services(context);
    }

    /** @return all features, as they were a moment ago; empty if there is no feature manager */
    List<FeatureInfo> features() {
        Known before = known;
        if (before != null && System.nanoTime() - before.at() < FEATURES_NANOS) {
            return before.features();
        }
        List<FeatureInfo> features = services.use(FeatureManager.class, FeatureManager::features, List.of());
        known = new Known(System.nanoTime(), features);
        return features;
    }

    /** @return what an exchange would mean now */
    FeatureImpact impact(FeatureChange change) throws FeatureException {
        FeatureImpact impact = services.<FeatureManager, FeatureImpact, FeatureException>use(FeatureManager.class,
                manager -> manager.impact(change), null);
        return present(impact);
    }

    /**
     * Begins an exchange.
     *
     * @param change what is exchanged
     * @param by     who ordered it
     * @throws FeatureException if it is refused; nothing is changed then
     */
    synchronized void begin(FeatureChange change, String by) throws FeatureException {
        impact(change);
        record(change, by);
        FeatureOperation operation = services.<FeatureManager, FeatureOperation, FeatureException>use(FeatureManager.class,
                manager -> manager.begin(change), null);
        last.set(new Order(present(operation), by));
        known = null;
        operation.outcome().whenComplete((outcome, fault) -> known = null);
    }

    /** The feature manager records what it does; who ordered it is known only here. */
    private void record(FeatureChange change, String by) throws FeatureException {
        try {
            services.use(AuditLog.class, log -> {
                log.record(new AuditEvent(Instant.now(), "console.swap", change.from() + " for " + change.to(), by,
                        "Ordered at the console; sessions may go on for " + change.drainTimeout().toMillis() + " ms."));
                return null;
            }, null);
        } catch (IllegalStateException e) {
            throw new FeatureException(Reason.NOT_RECORDED, e.getMessage(), e);
        }
    }

    private static <T> T present(T answer) throws FeatureException {
        if (answer == null) {
            throw new FeatureException(Reason.NOT_READY, "There is no feature manager at the moment; start the bundle org.calypsohsm.features.");
        }
        return answer;
    }

    /** @return false if nothing is in progress or it is too late */
    boolean cancel() {
        Order order = last.get();
        return order != null && order.operation().cancel();
    }

    /** @return name and version of a feature, without the group of its identifier */
    private static String title(String feature) {
        String[] parts = feature.split(":");
        return parts.length < 2 ? feature : parts[1] + (parts.length < 3 ? "" : " " + parts[2]);
    }

    /** @return how the last exchange is going; null if there was none */
    Progress progress() {
        Order order = last.get();
        if (order == null) {
            return null;
        }
        FeatureOperation operation = order.operation();
        CompletableFuture<FeatureOutcome> outcome = operation.outcome().toCompletableFuture();
        String change = "swap of " + title(operation.change().from()) + " for " + title(operation.change().to());
        if (!outcome.isDone()) {
            return new Progress(change, order.by(), true, false, operation.step(), operation.channelsLeft());
        }
        try {
            FeatureOutcome done = outcome.join();
            return new Progress(change, order.by(), false, true, done.sentence() + " It took " + done.took().toMillis() + " ms: "
                    + done.moved() + " channels moved, " + done.lost() + " sessions lost.", 0);
        } catch (CompletionException e) {
            return new Progress(change, order.by(), false, false, e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), 0);
        }
    }
}
