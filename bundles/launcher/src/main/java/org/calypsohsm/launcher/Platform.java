package org.calypsohsm.launcher;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;

import org.calypsohsm.diagnosis.Diagnosis;
import org.calypsohsm.diagnosis.Reflect;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;

/**
 * What the launcher sees of the platform in a container: services by their names, and their properties. The classes of
 * the API live in the container, so it asks for more by reflection.
 */
final class Platform {

    static final String MANAGER = "org.calypsohsm.channel.ChannelManager";
    static final String PLUGIN = "org.calypsohsm.product.SecurityPlugin";
    /** Service property of a {@link ToIntFunction}: the command that it carries out. */
    static final String COMMAND = "hsm.command";
    /** PIDs of providers begin so; each of their configurations makes one module. */
    static final String PROVIDER_PID = "org.calypsohsm.provider.";

    /** It brings providers and products; its bundle, and the service. */
    private static final String FEATURES_BUNDLE = "org.calypsohsm.features";
    private static final String FEATURES = "org.calypsohsm.feature.FeatureManager";
    private static final String COMPONENTS = "org.osgi.service.component.runtime.ServiceComponentRuntime";
    private static final String PRODUCT = "hsm.product";
    /** States that a module leaves by itself, soon. */
    private static final Set<String> PASSING = Set.of("OFFLINE", "SELF_TEST");
    /** A module changes its state without a service event. */
    private static final long LOOK_MILLIS = 10;

    private final Container container;
    private final BundleContext context;
    private final List<String> providers;

    /**
     * Looks into a container.
     *
     * @param container  the container
     * @param configured the PIDs that were configured
     */
    Platform(Container container, Set<String> configured) {
        this.container = container;
        context = container.context();
        providers = configured.stream().filter(pid -> pid.startsWith(PROVIDER_PID)).toList();
    }

    /**
     * Waits until all features are back, and channels can be opened on every configured module whose provider is there.
     *
     * @param fewest  how many modules there must be, if fewer are configured
     * @param timeout how long
     * @return what is missing, in sentences; empty if nothing is
     * @throws LauncherException if a channel cannot be opened at all; it says why
     */
    List<String> awaitReady(int fewest, Duration timeout) throws LauncherException, InterruptedException {
        if (await(timeout, () -> ready(fewest))) {
            List<String> missing = new ArrayList<>(missingFeatures());
            providers.stream().filter(pid -> !isTaken(pid)).forEach(pid -> missing.add(
                    "no bundle has a component for the configuration " + pid + "; install its feature, or remove the configuration."));
            return missing;
        }
        if (services(MANAGER, null).isEmpty()) {
            throw missing("No ChannelManager", timeout);
        }
        // The channel manager knows best: the service of a module that fails to activate is there, but cannot be got.
        if (reports().size() < fewest) {
            throw missing("No SecurityModule", timeout);
        }
        if (plugins().isEmpty()) {
            throw missing("No SecurityPlugin", timeout);
        }
        List<String> sentences = new ArrayList<>(missingFeatures());
        sentences.addAll(new Diagnosis(context, container::problem).problems(providers));
        return sentences;
    }

    private boolean ready(int fewest) {
        if (!featuresAreBack() || services(MANAGER, null).isEmpty() || plugins().isEmpty()) {
            return false;
        }
        List<?> reports = reports();
        // Without its provider, which may have been uninstalled, no configuration makes a module.
        long modules = providers.stream().filter(this::isTaken).count();
        return reports.size() >= Math.max(fewest, modules)
                && reports.stream().noneMatch(report -> PASSING.contains(call(report, "state")));
    }

    /** @return whether any component takes a configuration */
    private boolean isTaken(String pid) {
        List<ServiceReference<?>> runtimes = services(COMPONENTS, null);
        Object runtime = runtimes.isEmpty() ? null : context.getService(runtimes.get(0));
        if (runtime == null) {
            return false;
        }
        String factory = pid.replaceFirst("~.*", "");
        Object[] allBundles = {new Bundle[0]};
        for (Object component : (Collection<?>) Reflect.call(runtime, runtimes.get(0).getBundle(), COMPONENTS,
                "getComponentDescriptionDTOs", allBundles)) {
            if (List.of((String[]) Reflect.field(component, "configurationPid")).contains(factory)) {
                return true;
            }
        }
        return false;
    }

    private boolean featuresAreBack() {
        if (Arrays.stream(context.getBundles()).noneMatch(bundle -> FEATURES_BUNDLE.equals(bundle.getSymbolicName()))) {
            return true;
        }
        CompletableFuture<?> restored = restored();
        return restored != null && restored.isDone();
    }

    /** @return completes with sentences on features that are not back; null while there is no feature manager */
    private CompletableFuture<?> restored() {
        List<ServiceReference<?>> managers = services(FEATURES, null);
        Object manager = managers.isEmpty() ? null : context.getService(managers.get(0));
        return manager == null ? null
                : ((CompletionStage<?>) Reflect.call(manager, managers.get(0).getBundle(), FEATURES, "restored"))
                        .toCompletableFuture();
    }

    /** @return what is missing though it was installed, in sentences */
    private List<String> missingFeatures() {
        CompletableFuture<?> restored = restored();
        return restored == null || !restored.isDone() ? List.of() : ((List<?>) restored.join()).stream().map(String::valueOf).toList();
    }

    /**
     * Waits for a command and carries it out.
     *
     * @param name    name of the command
     * @param options its options, by their long names without dashes
     * @param timeout how long to wait
     * @return its exit code
     */
    int run(String name, Map<String, Object> options, Duration timeout) throws LauncherException, InterruptedException {
        String filter = "(" + COMMAND + "=" + name + ")";
        if (!await(timeout, () -> !services(ToIntFunction.class.getName(), filter).isEmpty())) {
            throw missing("No service for the command " + name, timeout);
        }
        ServiceReference<?> reference = services(ToIntFunction.class.getName(), filter).get(0);
        @SuppressWarnings("unchecked") // the service property promises it
        ToIntFunction<Map<String, Object>> command = (ToIntFunction<Map<String, Object>>) context.getService(reference);
        if (command == null) {
            throw missing("No service for the command " + name, timeout);
        }
        return command.applyAsInt(options);
    }

    /** @return false once the container stops */
    boolean isRunning() {
        return container.isRunning();
    }

    /** Tells the container to stop. */
    void stop() {
        container.stop();
    }

    /** Waits until the container stops. */
    void awaitStop() throws InterruptedException {
        container.awaitStop();
    }

    private LauncherException missing(String what, Duration timeout) {
        StringBuilder message = new StringBuilder(what + " came up within " + timeout.toSeconds() + " s");
        List<String> reasons = new ArrayList<>(missingFeatures());
        reasons.addAll(new Diagnosis(context, container::problem).problems(providers));
        if (reasons.isEmpty()) {
            message.append(": no bundle of the distribution offers one, and nothing failed.");
        } else {
            message.append(':');
            reasons.forEach(reason -> message.append(System.lineSeparator()).append("  - ").append(reason));
        }
        return new LauncherException(message.toString());
    }

    /**
     * Waits for a condition.
     *
     * @return false if it did not come true in time
     */
    boolean await(Duration timeout, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        Object change = new Object();
        ServiceListener listener = event -> {
            synchronized (change) {
                change.notifyAll();
            }
        };
        context.addServiceListener(listener);
        try {
            while (!condition.getAsBoolean()) {
                if (System.nanoTime() - end >= 0) {
                    return false;
                }
                synchronized (change) {
                    change.wait(LOOK_MILLIS);
                }
            }
            return true;
        } finally {
            context.removeServiceListener(listener);
        }
    }

    /** @return modules and products in one line */
    String summary() {
        List<String> modules = new ArrayList<>();
        for (Object report : reports()) {
            modules.add(call(report, "name") + " (" + call(report, "kind") + ", " + call(report, "channelsTotal") + " channels, "
                    + call(report, "state") + ")");
        }
        Set<String> products = new TreeSet<>();
        plugins().forEach(plugin -> products.add(String.valueOf(plugin.getProperty(PRODUCT))));
        return "modules " + String.join(", ", modules) + "; products " + String.join(", ", products);
    }

    private List<?> reports() {
        List<ServiceReference<?>> managers = services(MANAGER, null);
        if (managers.isEmpty()) {
            return List.of();
        }
        Object manager = context.getService(managers.get(0));
        return manager == null ? List.of() : (List<?>) Reflect.call(manager, managers.get(0).getBundle(), MANAGER, "modules");
    }

    /** As the channel manager sees them: what is hidden since nobody trusted signed it is not hidden from the framework. */
    private List<ServiceReference<?>> plugins() {
        List<ServiceReference<?>> managers = services(MANAGER, null);
        BundleContext viewer = managers.isEmpty() ? null : managers.get(0).getBundle().getBundleContext();
        return viewer == null ? List.of() : services(viewer, PLUGIN, null);
    }

    private static String call(Object report, String component) {
        return String.valueOf(Reflect.call(report, component));
    }

    private List<ServiceReference<?>> services(String type, String filter) {
        return services(context, type, filter);
    }

    private static List<ServiceReference<?>> services(BundleContext viewer, String type, String filter) {
        try {
            ServiceReference<?>[] found = viewer.getAllServiceReferences(type, filter);
            return found == null ? List.of() : Arrays.asList(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
