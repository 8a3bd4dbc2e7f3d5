package org.calypsohsm.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import org.calypsohsm.diagnosis.Components.Component;
import org.calypsohsm.diagnosis.Components.Configuration;
import org.calypsohsm.diagnosis.Components.Missing;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;

/** Finds out what a bundle, a component or a container lacks, and why a service is missing, in sentences. */
public final class Diagnosis {

    /** Namespace in which bundles say which services they will register; of the OSGi Compendium. */
    private static final String SERVICE_NAMESPACE = "osgi.service";
    private static final Set<String> HIDEABLE =
            Set.of("org.calypsohsm.module.SecurityModule", "org.calypsohsm.product.SecurityPlugin");
    private static final String TRUST = "org.calypsohsm.trust.BundleTrust";
    /** What the framework adds to a reason: its numbers of bundles, as in {@code [12](R 12.0)}, and the reason once more. */
    private static final Pattern NOISE = Pattern.compile(" ?\\[\\d+\\](\\(R [\\d.]+\\))?| Unresolved requirements: .*");

    private final BundleContext context;
    private final Function<Bundle, String> problem;
    private final Components components;

    /**
     * Looks into a container.
     *
     * @param context the context of any bundle in it
     */
    public Diagnosis(BundleContext context) {
        this(context, bundle -> null);
    }

    /**
     * Looks into a container, with what the framework told when it started.
     *
     * @param context the context of any bundle in it
     * @param problem gives what the framework told of a bundle that did not start; null if nothing is known
     */
    public Diagnosis(BundleContext context, Function<Bundle, String> problem) {
        this.context = context;
        this.problem = problem;
        components = new Components(context);
    }

    /**
     * Tells what is known of bundles and components.
     *
     * @param name their symbolic name or name, in full or its end after a dot
     * @return sentences, also of what runs; empty if there is none of the name
     */
    public List<String> of(String name) {
        List<String> sentences = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            List<Component> its = components.of(bundle);
            if (isNamed(bundle.getSymbolicName(), name)) {
                bundle(sentences, bundle);
                its.forEach(component -> component(sentences, component));
            } else {
                its.stream().filter(component -> isNamed(component.name(), name))
                        .forEach(component -> component(sentences, component));
            }
        }
        sentences.addAll(refused(bundle -> isNamed(bundle, name)));
        return sentences;
    }

    /** @return what is said of bundles whose modules and products are hidden, since nobody trusted signed them */
    private List<String> refused(Predicate<String> symbolicName) {
        List<String> sentences = new ArrayList<>();
        for (ServiceReference<?> reference : references(TRUST, null)) {
            Object trust = context.getService(reference);
            for (Object report : (List<?>) Reflect.call(trust, reference.getBundle(), TRUST, "refused")) {
                if (symbolicName.test(String.valueOf(Reflect.call(report, "bundle")).split(" ", 2)[0])) {
                    sentences.add(Reflect.call(report, "sentence") + " Its modules and products are hidden from the platform until then.");
                }
            }
        }
        return sentences;
    }

    private static boolean isNamed(String full, String name) {
        return full != null && (full.equals(name) || full.endsWith("." + name));
    }

    /**
     * Tells what is wrong in the container.
     *
     * @param pids PIDs of configurations that each should have made a component
     * @return one sentence or more for each reason; empty if nothing is wrong
     */
    public List<String> problems(Collection<String> pids) {
        List<String> sentences = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            if (!runs(bundle) && !isFragment(bundle)) {
                bundle(sentences, bundle);
            }
        }
        if (!components.isRuntimePresent()) {
            sentences.add(noRuntime());
            return sentences;
        }
        Set<String> taken = new HashSet<>();
        for (Component component : components.of()) {
            taken.addAll(List.of(component.configurationPid()));
            if (!works(component)) {
                component(sentences, component);
            }
        }
        for (String pid : new TreeSet<>(pids)) {
            if (!taken.contains(factory(pid))) {
                sentences.add("No bundle has a component for the configuration " + pid + ".");
            }
        }
        sentences.addAll(refused(bundle -> true));
        return sentences;
    }

    /**
     * Tells why there is no such service: follows what its component waits for until it finds the first cause.
     *
     * @param type   name of the type of service
     * @param filter LDAP filter of its properties; null takes any
     * @return one sentence or more for each reason
     * @throws IllegalArgumentException if the filter cannot be read
     */
    public List<String> ofService(String type, String filter) {
        List<String> sentences = new ArrayList<>();
        service(sentences, type, filter, new HashSet<>());
        if (HIDEABLE.contains(type)) {
            sentences.addAll(refused(bundle -> true));
        }
        return sentences;
    }

    private void service(List<String> sentences, String type, String filter, Set<String> told) {
        if (!told.add(type)) {
            return;
        }
        int before = sentences.size();
        if (!components.isRuntimePresent()) {
            sentences.add(noRuntime());
        }
        for (Bundle bundle : context.getBundles()) {
            if (!runs(bundle) && willRegister(bundle, type)) {
                bundle(sentences, bundle);
            }
        }
        for (Component component : components.of()) {
            if (component.services().contains(type) && !works(component)) {
                component(sentences, component);
                component.configurations().stream().flatMap(configuration -> configuration.missing().stream())
                        .forEach(missing -> service(sentences, missing.type(), missing.target(), told));
            }
        }
        List<ServiceReference<?>> present = references(type, null);
        if (filter != null && !present.isEmpty() && references(type, filter).isEmpty()) {
            sentences.add("A service " + type + " is there, but none with " + filter + ".");
        } else if (sentences.size() == before && present.isEmpty()) {
            sentences.add("No bundle in the container registers a service " + type + ": is one missing?");
        }
    }

    private List<ServiceReference<?>> references(String type, String filter) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, filter);
            return found == null ? List.of() : Arrays.asList(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException("The filter " + filter + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static boolean willRegister(Bundle bundle, String type) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        return revision != null && revision.getDeclaredCapabilities(SERVICE_NAMESPACE).stream()
                .anyMatch(capability -> capability.getAttributes().get(Constants.OBJECTCLASS) instanceof Collection<?> types
                        && types.contains(type));
    }

    private static String noRuntime() {
        return "No component runs: the bundle of Declarative Services (org.apache.felix.scr) is not active.";
    }

    private static String factory(String pid) {
        int name = pid.indexOf('~');
        return name < 0 ? pid : pid.substring(0, name);
    }

    // ---- bundles

    private static boolean runs(Bundle bundle) {
        return bundle.getState() == Bundle.ACTIVE || bundle.getState() == Bundle.STARTING;
    }

    private static boolean isFragment(Bundle bundle) {
        return bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
    }

    private void bundle(List<String> sentences, Bundle bundle) {
        String start = "Bundle " + bundle.getSymbolicName();
        switch (bundle.getState()) {
            case Bundle.INSTALLED -> {
                sentences.add(start + " does not resolve.");
                int before = sentences.size();
                for (BundleRequirement requirement : bundle.adapt(BundleRevision.class).getDeclaredRequirements(null)) {
                    unmet(sentences, start, requirement);
                }
                if (sentences.size() == before && problem.apply(bundle) != null) {
                    sentences.add(start + " has what it needs, but: " + quiet(problem.apply(bundle)));
                }
            }
            case Bundle.ACTIVE, Bundle.STARTING -> sentences.add(start + " runs.");
            default -> sentences.add(start + (isFragment(bundle) ? " is a fragment, and attached." : stopped(bundle)));
        }
    }

    private String stopped(Bundle bundle) {
        String told = problem.apply(bundle);
        return told == null ? " is stopped. To start it: felix:start " + bundle.getBundleId()
                : " did not start: " + quiet(told);
    }

    private static String quiet(String told) {
        return NOISE.matcher(told).replaceAll("") + ".";
    }

    private void unmet(List<String> sentences, String start, BundleRequirement requirement) {
        boolean counts = !Constants.RESOLUTION_OPTIONAL.equals(requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE))
                && Constants.EFFECTIVE_RESOLVE.equals(requirement.getDirectives()
                        .getOrDefault(Constants.EFFECTIVE_DIRECTIVE, Constants.EFFECTIVE_RESOLVE));
        if (!counts) {
            return;
        }
        List<Bundle> offering = Arrays.stream(context.getBundles()).filter(bundle -> offers(bundle, requirement)).toList();
        String needs = start + " needs " + requirement.getDirectives()
                .getOrDefault(Constants.FILTER_DIRECTIVE, requirement.getNamespace());
        if (offering.isEmpty()) {
            sentences.add(needs + ", which no bundle offers.");
        } else if (offering.stream().allMatch(bundle -> bundle.getState() == Bundle.INSTALLED
                && !start.endsWith(bundle.getSymbolicName()))) {
            sentences.add(needs + ", which only bundles offer that do not resolve: "
                    + String.join(", ", offering.stream().map(Bundle::getSymbolicName).toList()) + ".");
        }
    }

    private static boolean offers(Bundle bundle, BundleRequirement requirement) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        if (revision != null) {
            for (BundleCapability capability : revision.getDeclaredCapabilities(requirement.getNamespace())) {
                if (requirement.matches(capability)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- components

    private static boolean works(Component component) {
        return component.isEnabled() && !component.configurations().isEmpty() && component.configurations().stream()
                .noneMatch(configuration -> configuration.state() == Components.UNSATISFIED_CONFIGURATION
                        || configuration.state() == Components.UNSATISFIED_REFERENCE
                        || configuration.state() == Components.FAILED_ACTIVATION);
    }

    private static void component(List<String> sentences, Component component) {
        String start = "Component " + component.name();
        if (!component.isEnabled()) {
            sentences.add(start + " is disabled.");
        } else if (component.configurations().isEmpty()) {
            sentences.add(start + " waits for a configuration with the PID " + component.pids() + ".");
        }
        component.configurations().forEach(configuration -> configuration(sentences, start, component, configuration));
    }

    private static void configuration(List<String> sentences, String start, Component component, Configuration configuration) {
        switch (configuration.state()) {
            case Components.UNSATISFIED_CONFIGURATION ->
                sentences.add(start + " waits for a configuration with the PID " + component.pids() + ".");
            case Components.UNSATISFIED_REFERENCE -> {
                for (Missing missing : configuration.missing()) {
                    sentences.add(start + " waits for a service " + missing.type()
                            + (missing.target() == null ? "." : " with " + missing.target() + "."));
                }
            }
            case Components.FAILED_ACTIVATION -> sentences.add(start + " failed: " + rootCause(configuration.failure()));
            case Components.ACTIVE -> sentences.add(start + " is active.");
            default -> sentences.add(start + " is ready; nobody has used it yet.");
        }
    }

    /** The exception at the bottom of a printed stack trace: the ones above only say that a constructor threw it. */
    private static String rootCause(String trace) {
        return trace.lines().filter(line -> !line.isBlank() && !line.startsWith("\t")).reduce("", (first, last) -> last)
                .replaceFirst("^Caused by: ", "");
    }
}
