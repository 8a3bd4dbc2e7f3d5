package org.calypsohsm.features;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.calypsohsm.module.ModuleState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries a plan out: what comes is up before what goes is drained, and what is drained before it goes. */
final class Operation implements FeatureOperation, Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Operation.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** Longer than the channel manager drains a module whose service goes, unless it is told to. */
    private static final long FORGOTTEN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private enum Phase {
        /** All can be taken back. */
        OPEN,
        CANCELLED,
        /** What goes is going. */
        COMMITTED
    }

    private final Means means;
    private final Plan plan;
    private final CompletableFuture<FeatureOutcome> outcome = new CompletableFuture<>();
    private final Consumer<Boolean> over;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.OPEN);
    private final long begun = System.nanoTime();
    private final Set<String> drained = new TreeSet<>();
    private volatile Set<String> draining = Set.of();
    private volatile String step = "beginning";
    private int moved;
    private int lost;
    private int waiting;

    /**
     * Makes the operation.
     *
     * @param means what it works with
     * @param plan  what is to be done
     * @param over  told whether it was done, just before anybody else hears that it is over
     */
    Operation(Means means, Plan plan, Consumer<Boolean> over) {
        this.means = means;
        this.plan = plan;
        this.over = over;
    }

    @Override
    public FeatureChange change() {
        return plan.change();
    }

    @Override
    public String step() {
        return step;
    }

    @Override
    public int channelsLeft() {
        Set<String> names = draining;
        return reports().stream().filter(report -> names.contains(report.name())).mapToInt(ModuleReport::channelsInUse).sum();
    }

    @Override
    public boolean cancel() {
        boolean open = phase.compareAndSet(Phase.OPEN, Phase.CANCELLED) || phase.get() == Phase.CANCELLED;
        return open && !outcome.isDone();
    }

    @Override
    public CompletionStage<FeatureOutcome> outcome() {
        // A copy: nobody else decides how it ends.
        return outcome.copy();
    }

    /** Does all of it. The order is in the audit log already. */
    @Override
    public void run() {
        FeatureFile to = plan.to();
        boolean come = false;
        try {
            checkCancelled();
            Map<String, Integer> serving = count(ModuleState.OPERATIONAL);
            Map<String, Integer> broken = count(ModuleState.FAILED);
            boolean mustServe = plan.goes() != null && !means.runtime().going(plan.goes()).isEmpty();
            if (to != null && !plan.stays()) {
                step = "checking the bundles of " + to.name();
                List<Jar> jars = means.repository().jars(to);
                means.trust().check(to, jars);
                checkCancelled();
                step = "installing " + to.name();
                means.runtime().install(to, jars, plan.goes());
                come = true;
                step = "waiting for " + to.name();
                awaitUp(to, serving, broken, mustServe);
                step = "waiting for the self tests of " + to.name();
                test(to, mustServe);
            } else if (to != null) {
                awaitUp(to, Map.of(), broken, mustServe);
            }
            if (plan.goes() != null) {
                drain();
            }
            if (!phase.compareAndSet(Phase.OPEN, Phase.COMMITTED)) {
                throw cancelled();
            }
            keep();
        } catch (FeatureException e) {
            rollback(come, e);
            return;
        } catch (RuntimeException | Error e) {
            LOG.error("The {} failed", plan.change(), e);
            rollback(come, new FeatureException(Reason.NOT_READY, "The " + plan.change() + " failed: " + e + "; see the log.", e));
            return;
        }
        go();
        finish();
    }

    private void checkCancelled() throws FeatureException {
        if (phase.get() == Phase.CANCELLED) {
            throw cancelled();
        }
    }

    private FeatureException cancelled() {
        return new FeatureException(Reason.CANCELLED, "The " + plan.change() + " was cancelled");
    }

    private List<ModuleReport> reports() {
        ChannelManager channels = means.channels().get();
        return channels == null ? List.of() : channels.modules();
    }

    private Map<String, Integer> count(ModuleState state) {
        Map<String, Integer> counts = new HashMap<>();
        reports().stream().filter(report -> report.state().equals(state.name()))
                .forEach(report -> counts.merge(report.name(), 1, Integer::sum));
        return counts;
    }

    // ---- what comes

    private void awaitUp(FeatureFile to, Map<String, Integer> serving, Map<String, Integer> broken, boolean mustServe)
            throws FeatureException {
        long end = System.nanoTime() + means.startTimeout().toNanos();
        while (true) {
            FeatureRuntime.Look look = look(to, serving, broken, mustServe);
            if (look.isUp()) {
                return;
            }
            if (look.failed() || System.nanoTime() - end >= 0) {
                throw new FeatureException(look.failed() ? Reason.SELF_TEST : Reason.NOT_READY, "Feature " + to
                        + (look.failed() ? " failed: " : " did not come up within " + means.startTimeout().toMillis() + " ms: ")
                        + look.missing() + ".");
            }
            checkCancelled();
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private FeatureRuntime.Look look(FeatureFile to, Map<String, Integer> serving, Map<String, Integer> broken, boolean mustServe) {
        FeatureRuntime.Look look = means.runtime().look(to);
        if (!look.isUp()) {
            return look;
        }
        Set<String> names = means.runtime().running(to);
        if (names.isEmpty() && mustServe) {
            return new FeatureRuntime.Look("it runs no module, so nothing takes the channels of " + plan.goes().name()
                    + " over; give it a configuration", false);
        }
        List<ModuleReport> reports = reports();
        for (String name : names) {
            List<ModuleReport> named = reports.stream().filter(report -> report.name().equals(name)).toList();
            int wanted = Math.min(serving.getOrDefault(name, 0) + 1, means.runtime().services(name));
            int up = 0;
            int failed = 0;
            String missing = "module " + name + " is not there";
            for (ModuleReport report : named) {
                ModuleState state = ModuleState.valueOf(report.state());
                if (state == ModuleState.OPERATIONAL || state == ModuleState.LOCKED && !mustServe) {
                    up++;
                } else {
                    missing = "module " + name + " is " + state + ": " + report.sentence().replaceFirst("\\.$", "");
                    failed += state == ModuleState.FAILED || state == ModuleState.END_OF_LIFE ? 1 : 0;
                }
            }
            if (up < wanted || up == 0) {
                return new FeatureRuntime.Look(missing, failed > broken.getOrDefault(name, 0));
            }
        }
        return FeatureRuntime.Look.UP;
    }

    /** A module tested itself before it served, if its provider does as it should; here it must, and so must the plugins. */
    private void test(FeatureFile to, boolean mustServe) throws FeatureException {
        means.runtime().testPlugins(to);
        for (String name : means.runtime().running(to)) {
            checkCancelled();
            List<ModuleReport> named = reports().stream().filter(report -> report.name().equals(name)).toList();
            if (named.size() != 1 || !mustServe && named.get(0).state().equals(ModuleState.LOCKED.name())) {
                // By its name, the channel manager could take one for the other.
                continue;
            }
            try {
                ModuleReport after = means.channels().get().selfTest(name);
                if (!after.state().equals(ModuleState.OPERATIONAL.name())) {
                    throw new FeatureException(Reason.SELF_TEST, "Feature " + to + ": module " + name + " is " + after.state()
                            + " after its self test: " + after.sentence());
                }
            } catch (IllegalArgumentException | IllegalStateException e) {
                throw new FeatureException(Reason.SELF_TEST, "Feature " + to + ": module " + name + " could not test itself: "
                        + e.getMessage(), e);
            }
        }
    }

    // ---- what goes

    private void drain() throws FeatureException {
        FeatureFile from = plan.goes();
        Set<String> names = new TreeSet<>(means.runtime().going(from));
        if (plan.to() != null) {
            // The one that stays has the name too: these leave when the bundle stops.
            names.removeAll(means.runtime().running(plan.to()));
        }
        draining = names;
        step = names.isEmpty() ? "nothing to drain" : "draining module" + (names.size() == 1 ? " " : "s ") + String.join(", ", names);
        Map<String, CompletableFuture<DrainReport>> drains = new LinkedHashMap<>();
        ChannelManager channels = means.channels().get();
        for (String name : channels == null ? Set.<String>of() : names) {
            try {
                drained.add(name);
                drains.put(name, channels.drain(name, plan.change().drainTimeout()).toCompletableFuture());
            } catch (IllegalArgumentException e) {
                LOG.info("Module {} is gone already: {}", name, e.getMessage());
            } catch (IllegalStateException e) {
                throw new FeatureException(Reason.NOT_RECORDED, "Module " + name + " is not drained: " + e.getMessage(), e);
            }
        }
        for (Map.Entry<String, CompletableFuture<DrainReport>> drain : drains.entrySet()) {
            while (!drain.getValue().isDone()) {
                checkCancelled();
                LockSupport.parkNanos(LOOK_NANOS);
            }
            try {
                DrainReport report = drain.getValue().join();
                moved += report.moved();
                lost += report.lost();
                waiting += report.waiting();
            } catch (CompletionException e) {
                throw new FeatureException(Reason.NOT_READY, "Module " + drain.getKey() + " was not drained: " + e.getCause() + ".",
                        e);
            }
        }
        checkCancelled();
    }

    /** Writes down what comes back at the next start; what goes is still there. */
    private void keep() throws FeatureException {
        if (plan.file() != null && !plan.found()) {
            try {
                means.folder().write(plan.file(), plan.to().content());
            } catch (IOException e) {
                throw new FeatureException(Reason.BAD_FEATURE, "The file " + plan.file() + " cannot be written: " + e + ".", e);
            }
        }
    }

    private void go() {
        if (plan.goes() == null) {
            return;
        }
        step = "uninstalling " + plan.goes().name();
        try {
            if (!plan.from().file().equals(plan.file()) && !plan.found()) {
                means.folder().delete(plan.from().file());
            }
        } catch (IOException e) {
            LOG.error("The file {} stays, so the feature comes back at the next start: {}", plan.from().file(), e.toString());
        }
        remove(plan.goes());
    }

    /** What goes is as good as gone, even if the framework does not let go of it. */
    private void remove(FeatureFile feature) {
        try {
            Set<String> going = means.runtime().going(feature);
            means.runtime().remove(feature);
            awaitForgotten(going);
        } catch (RuntimeException | Error e) {
            LOG.error("Feature {} is not uninstalled in whole", feature, e);
        }
    }

    /** The channel manager lets a module go after its service has gone; whoever hears that it is over finds it gone there too. */
    private void awaitForgotten(Set<String> names) {
        long end = System.nanoTime() + FORGOTTEN_NANOS;
        while (names.stream().anyMatch(name -> reports().stream().filter(report -> report.name().equals(name)).count()
                > means.runtime().services(name))) {
            if (System.nanoTime() - end >= 0) {
                LOG.error("The channel manager still has one of the modules {}, though it has gone.", names);
                return;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void finish() {
        String what = switch (plan.change().act()) {
            case INSTALL -> "Feature " + plan.to() + " is installed.";
            case UNINSTALL -> "Feature " + plan.goes() + " is uninstalled.";
            case SWAP, UPDATE -> "Feature " + plan.to() + " has taken the place of " + plan.goes() + ".";
        };
        FeatureOutcome done = new FeatureOutcome(what + (waiting == 0 ? "" : " " + waiting + " channels wait for a module."), moved,
                lost, Duration.ofNanos(System.nanoTime() - begun));
        LOG.info("{}", done.sentence());
        means.audit().note(plan.act(), plan.subject(), done.sentence() + " " + moved + " channels moved, " + lost
                + " sessions were lost.");
        over.accept(true);
        outcome.complete(done);
    }

    private void rollback(boolean come, FeatureException why) {
        phase.set(Phase.COMMITTED);
        step = "rolling back";
        // First what was there serves again, then what came goes: its channels find their places.
        ChannelManager channels = means.channels().get();
        List<String> stuck = new ArrayList<>();
        for (String name : channels == null ? Set.<String>of() : drained) {
            try {
                channels.undrain(name);
            } catch (IllegalArgumentException | IllegalStateException e) {
                LOG.error("Module {} stays drained: {}", name, e.getMessage());
                stuck.add(name);
            }
        }
        if (come) {
            remove(plan.to());
        }
        String message = why.getMessage().replaceFirst("\\.$", "") + "; " + (stuck.isEmpty() ? "all is as before."
                : "what came is gone again, but still drained: " + String.join(", ", stuck) + "; try hsm:undrain.");
        LOG.warn("{}", message);
        means.audit().note(why.reason() == Reason.CANCELLED ? "feature.cancel" : "feature.rollback", plan.subject(), message);
        over.accept(false);
        outcome.completeExceptionally(new FeatureException(why.reason(), message, why));
    }
}
