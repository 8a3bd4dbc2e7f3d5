package org.calypsohsm.features;

import java.io.ByteArrayInputStream;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;

import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureKind;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Features in the framework. Bundles are told apart by their digests, so that several features can share one. */
final class FrameworkRuntime implements FeatureRuntime {

    private static final Logger LOG = LoggerFactory.getLogger(FrameworkRuntime.class);
    private static final String LOCATION = "feature:";
    /** Longer than the channel manager drains a module whose service goes, unless it is told to. */
    private static final long GONE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final BundleContext context;
    private final ServiceComponentRuntime components;
    private final Configurations configurations;
    /** The features that have a bundle, by its digest. */
    private final Map<String, Set<FeatureFile>> users = new HashMap<>();
    private final Map<FeatureFile, List<Jar>> installed = new IdentityHashMap<>();

    FrameworkRuntime(BundleContext context, ServiceComponentRuntime components, ConfigurationAdmin admin) {
        this.context = context;
        this.components = components;
        configurations = new Configurations(admin);
    }

    @Override
    public synchronized void install(FeatureFile feature, List<Jar> jars, FeatureFile replaced) throws FeatureException {
        configurations.apply(feature, replaced);
        installed.put(feature, jars);
        try {
            List<Bundle> bundles = new ArrayList<>();
            for (Jar jar : jars) {
                users.computeIfAbsent(jar.sha256(), digest -> new HashSet<>()).add(feature);
                bundles.add(context.installBundle(LOCATION + jar.sha256(), new ByteArrayInputStream(jar.content())));
            }
            for (Bundle bundle : bundles) {
                if (!isFragment(bundle)) {
                    bundle.start(Bundle.START_ACTIVATION_POLICY);
                }
            }
        } catch (BundleException | RuntimeException e) {
            remove(feature);
            throw new FeatureException(Reason.NOT_READY, "Feature " + feature + " does not start: " + e.getMessage() + ".", e);
        }
    }

    @Override
    public synchronized void remove(FeatureFile feature) {
        List<Bundle> going = new ArrayList<>();
        for (Jar jar : installed.getOrDefault(feature, List.of())) {
            Set<FeatureFile> sharing = users.getOrDefault(jar.sha256(), Set.of());
            sharing.remove(feature);
            Bundle bundle = context.getBundle(LOCATION + jar.sha256());
            if (sharing.isEmpty()) {
                users.remove(jar.sha256());
                if (bundle != null) {
                    going.add(bundle);
                }
            }
        }
        installed.remove(feature);
        // First the bundles, and with them all services at once; the channel manager drains what is left on their modules.
        going.forEach(this::uninstall);
        Set<String> pids = new HashSet<>(feature.configurations().keySet());
        pids.removeIf(pid -> !configurations.isOnly(feature, pid));
        configurations.remove(feature);
        awaitGone(feature, pids);
        if (!going.isEmpty()) {
            context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class).refreshBundles(going);
        }
    }

    /** Configuration Admin tells of a removal on a thread of its own; the feature is gone when its modules are. */
    private void awaitGone(FeatureFile feature, Set<String> pids) {
        long end = System.nanoTime() + GONE_NANOS;
        while (services(SecurityModule.class).stream().anyMatch(module -> pids(module.getProperty(Constants.SERVICE_PID)).stream()
                .anyMatch(pids::contains))) {
            if (System.nanoTime() - end >= 0) {
                LOG.error("Feature {}: a module is still there though its configuration is gone.", feature);
                return;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    @Override
    public synchronized void removeOthers() {
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getLocation().startsWith(LOCATION) && !users.containsKey(bundle.getLocation().substring(LOCATION.length()))) {
                uninstall(bundle);
            }
        }
        configurations.removeOthers();
    }

    private void uninstall(Bundle bundle) {
        try {
            bundle.stop();
        } catch (BundleException | RuntimeException e) {
            LOG.warn("Bundle {} did not stop cleanly: {}", bundle, e.toString());
        }
        try {
            bundle.uninstall();
        } catch (BundleException | RuntimeException e) {
            LOG.error("Bundle {} is not uninstalled: {}", bundle, e.toString());
        }
    }

    private List<Bundle> bundles(FeatureFile feature) {
        return installed.getOrDefault(feature, List.of()).stream().map(jar -> context.getBundle(LOCATION + jar.sha256()))
                .filter(bundle -> bundle != null).toList();
    }

    private boolean isOnlyUser(FeatureFile feature, Bundle bundle) {
        return users.getOrDefault(bundle.getLocation().substring(LOCATION.length()), Set.of()).equals(Set.of(feature));
    }

    private static boolean isFragment(Bundle bundle) {
        return bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null;
    }

    @Override
    public synchronized Look look(FeatureFile feature) {
        List<Bundle> bundles = bundles(feature);
        for (Bundle bundle : bundles) {
            boolean up = isFragment(bundle) ? bundle.getState() == Bundle.RESOLVED
                    : (bundle.getState() & (Bundle.ACTIVE | Bundle.STARTING)) != 0;
            if (!up) {
                return new Look("bundle " + bundle.getSymbolicName() + " is not active", false);
            }
        }
        Set<String> waiting = new TreeSet<>(feature.configurations().keySet());
        boolean pluginExpected = feature.kind() == FeatureKind.PRODUCT;
        for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs(bundles.toArray(Bundle[]::new))) {
            for (ComponentConfigurationDTO one : components.getComponentConfigurationDTOs(component)) {
                Look look = look(component, one);
                if (!look.isUp()) {
                    return look;
                }
                waiting.removeIf(pid -> hasTaken(component, one, feature, pid));
            }
            pluginExpected |= Arrays.asList(component.serviceInterfaces).contains(SecurityPlugin.class.getName());
        }
        for (String pid : waiting) {
            Look look = look(feature, pid);
            if (!look.isUp()) {
                return look;
            }
        }
        if (pluginExpected && references(bundles, SecurityPlugin.class).isEmpty()) {
            return new Look("it has registered no product plugin", false);
        }
        return Look.UP;
    }

    private static Look look(ComponentDescriptionDTO component, ComponentConfigurationDTO one) {
        return switch (one.state) {
            case ComponentConfigurationDTO.FAILED_ACTIVATION ->
                new Look("component " + component.name + " failed: " + rootCause(one.failure), true);
            case ComponentConfigurationDTO.UNSATISFIED_REFERENCE -> new Look("component " + component.name + " waits for a service "
                    + String.join(" and ", Arrays.stream(one.unsatisfiedReferences).map(missing -> missing.name).toList()), false);
            default -> Look.UP;
        };
    }

    /** A configuration for a component that the feature does not have itself. */
    private Look look(FeatureFile feature, String pid) {
        int name = pid.indexOf('~');
        String wanted = name < 0 ? pid : pid.substring(0, name);
        for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs()) {
            if (Arrays.asList(component.configurationPid).contains(wanted)) {
                boolean taken = components.getComponentConfigurationDTOs(component).stream()
                        .anyMatch(one -> hasTaken(component, one, feature, pid));
                return taken ? Look.UP : new Look("component " + component.name + " has not taken the configuration " + pid, false);
            }
        }
        return new Look("no bundle has a component for the configuration " + pid, false);
    }

    /** A module counts when its service is there: its component has the new configuration a moment before. */
    private boolean hasTaken(ComponentDescriptionDTO component, ComponentConfigurationDTO one, FeatureFile feature, String pid) {
        boolean isModule = Arrays.asList(component.serviceInterfaces).contains(SecurityModule.class.getName());
        return isOf(one.properties::get, feature, pid)
                && (!isModule || services(SecurityModule.class).stream().anyMatch(module -> isOf(module::getProperty, feature, pid)));
    }

    private static boolean isOf(Function<String, Object> properties, FeatureFile feature, String pid) {
        return pids(properties.apply(Constants.SERVICE_PID)).contains(pid)
                && Configurations.mark(feature, pid).equals(properties.apply(Configurations.FEATURE));
    }

    private static Collection<String> pids(Object property) {
        if (property instanceof Collection<?> several) {
            return several.stream().map(String::valueOf).toList();
        }
        if (property instanceof Object[] several) {
            return Arrays.stream(several).map(String::valueOf).toList();
        }
        return property == null ? List.of() : List.of(property.toString());
    }

    /** The exception at the bottom of a printed stack trace: the ones above only say that a constructor threw it. */
    private static String rootCause(String trace) {
        return String.valueOf(trace).lines().filter(line -> !line.isBlank() && !line.startsWith("\t"))
                .reduce("", (first, last) -> last).replaceFirst("^Caused by: (\\S+: )?", "").replaceFirst("\\.$", "");
    }

    /** Also those that are hidden from others because nobody trusts them: the trust was checked before. */
    private static List<ServiceReference<?>> references(List<Bundle> bundles, Class<?> type) {
        List<ServiceReference<?>> references = new ArrayList<>();
        for (Bundle bundle : bundles) {
            ServiceReference<?>[] registered = bundle.getRegisteredServices();
            for (ServiceReference<?> reference : registered == null ? new ServiceReference<?>[0] : registered) {
                if (Arrays.asList((String[]) reference.getProperty(Constants.OBJECTCLASS)).contains(type.getName())) {
                    references.add(reference);
                }
            }
        }
        return references;
    }

    @Override
    public synchronized Set<String> running(FeatureFile feature) {
        return modules(feature, feature.configurations()::containsKey);
    }

    @Override
    public synchronized Set<String> going(FeatureFile feature) {
        return modules(feature, pid -> configurations.isOnly(feature, pid));
    }

    /** All modules of bundles that no other feature has; of the others those of the feature's configurations. */
    private Set<String> modules(FeatureFile feature, Predicate<String> isOfFeature) {
        Set<String> names = new TreeSet<>();
        for (Bundle bundle : bundles(feature)) {
            boolean only = isOnlyUser(feature, bundle);
            for (ServiceReference<?> module : references(List.of(bundle), SecurityModule.class)) {
                if (only || pids(module.getProperty(Constants.SERVICE_PID)).stream().anyMatch(isOfFeature)) {
                    names.add(String.valueOf(module.getProperty(SecurityModule.NAME)));
                }
            }
        }
        return names;
    }

    @Override
    public int services(String module) {
        return (int) services(SecurityModule.class).stream()
                .filter(one -> module.equals(one.getProperty(SecurityModule.NAME))).count();
    }

    @Override
    public synchronized Set<Integer> algs(FeatureFile feature) {
        Set<Integer> algs = new TreeSet<>();
        references(bundles(feature).stream().filter(bundle -> isOnlyUser(feature, bundle)).toList(), SecurityPlugin.class)
                .forEach(plugin -> algs.addAll(algs(plugin)));
        return algs;
    }

    @Override
    public synchronized Set<Integer> algsWithout(FeatureFile feature) {
        List<Bundle> going = bundles(feature).stream().filter(bundle -> isOnlyUser(feature, bundle)).toList();
        Set<Integer> algs = new TreeSet<>();
        for (ServiceReference<?> plugin : services(SecurityPlugin.class)) {
            if (!going.contains(plugin.getBundle())) {
                algs.addAll(algs(plugin));
            }
        }
        return algs;
    }

    private List<ServiceReference<?>> services(Class<?> type) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type.getName(), null);
            return found == null ? List.of() : List.of(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<Integer> algs(ServiceReference<?> plugin) {
        Object property = plugin.getProperty(SecurityPlugin.ALG);
        Set<Integer> algs = new TreeSet<>();
        if (property instanceof Number number) {
            algs.add(number.intValue());
        } else if (property != null && property.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(property); i++) {
                if (Array.get(property, i) instanceof Number number) {
                    algs.add(number.intValue());
                }
            }
        }
        return algs;
    }

    @Override
    public void testPlugins(FeatureFile feature) throws FeatureException {
        List<ServiceReference<?>> plugins;
        synchronized (this) {
            plugins = references(bundles(feature), SecurityPlugin.class);
        }
        for (ServiceReference<?> reference : plugins) {
            String name = "the plugin of " + reference.getProperty(SecurityPlugin.PRODUCT);
            Object plugin = context.getService(reference);
            if (plugin == null) {
                throw failed(feature, name + " cannot be got: its component fails, or its bundle is not trusted", null);
            }
            try {
                for (int alg : algs(reference)) {
                    test(feature, name, (SecurityPlugin) plugin, alg);
                }
            } finally {
                context.ungetService(reference);
            }
        }
    }

    private static void test(FeatureFile feature, String name, SecurityPlugin plugin, int alg) throws FeatureException {
        try {
            plugin.selfTest(alg);
        } catch (RuntimeException | Error e) {
            throw failed(feature, String.format("%s failed its self test of ALG %02X: %s", name, alg, e.getMessage()), e);
        }
    }

    private static FeatureException failed(FeatureFile feature, String what, Throwable cause) {
        return new FeatureException(Reason.SELF_TEST, "Feature " + feature + ": " + what + ".", cause);
    }

    @Override
    public synchronized Set<Integer> served(FeatureFile feature) {
        Set<Integer> algs = new TreeSet<>();
        references(bundles(feature), SecurityPlugin.class).forEach(plugin -> algs.addAll(algs(plugin)));
        return algs;
    }
}
