package org.calypsohsm.launcher;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** Says why services are missing: bundles that did not start or are refused, components that wait, configurations nobody takes. */
final class Diagnosis {

    private static final String RUNTIME = "org.osgi.service.component.runtime.ServiceComponentRuntime";
    private static final String TRUST = "org.calypsohsm.trust.BundleTrust";
    private static final String REQUIRE = "require";
    /** States of a component configuration, from the Declarative Services specification. */
    private static final int UNSATISFIED_CONFIGURATION = 1;
    private static final int UNSATISFIED_REFERENCE = 2;
    private static final int FAILED_ACTIVATION = 16;
    /** What the framework adds to the reason: its numbers of bundles, as in {@code [12](R 12.0)}, and the reason once more. */
    private static final Pattern NOISE = Pattern.compile(" ?\\[\\d+\\](\\(R [\\d.]+\\))?| Unresolved requirements: .*");

    private final Container container;
    private final BundleContext context;

    Diagnosis(Container container) {
        this.container = container;
        context = container.context();
    }

    /**
     * Finds what is wrong.
     *
     * @param pids PIDs that each should have made a component
     * @return one sentence for each reason
     */
    List<String> sentences(Set<String> pids) {
        List<String> sentences = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getState() != Bundle.ACTIVE && !Container.isFragment(bundle)) {
                sentences.add(notActive(bundle));
            }
        }
        components(sentences, pids);
        refused(sentences);
        return sentences;
    }

    private void refused(List<String> sentences) {
        ServiceReference<?> reference = context.getServiceReference(TRUST);
        Object trust = reference == null ? null : context.getService(reference);
        if (trust != null) {
            for (Object report : (List<?>) Reflect.call(trust, reference.getBundle(), TRUST, "refused")) {
                sentences.add(String.valueOf(Reflect.call(report, "sentence")));
            }
        }
    }

    private String notActive(Bundle bundle) {
        String problem = container.problem(bundle);
        String state = bundle.getState() == Bundle.INSTALLED ? " is not resolved" : " is not active";
        return "bundle " + bundle.getSymbolicName() + state
                + (problem == null ? "." : " because: " + NOISE.matcher(problem).replaceAll("") + ".");
    }

    private void components(List<String> sentences, Set<String> pids) {
        ServiceReference<?> reference = context.getServiceReference(RUNTIME);
        Object runtime = reference == null ? null : context.getService(reference);
        if (runtime == null) {
            sentences.add("no component runs: the bundle of Declarative Services (org.apache.felix.scr) is not active.");
            return;
        }
        Set<String> taken = new HashSet<>();
        Object[] noBundles = {new Bundle[0]};
        for (Object component : (Collection<?>) Reflect.call(runtime, reference.getBundle(), RUNTIME, "getComponentDescriptionDTOs",
                noBundles)) {
            String[] wanted = (String[]) Reflect.field(component, "configurationPid");
            taken.addAll(List.of(wanted));
            Collection<?> configurations = (Collection<?>) Reflect.call(runtime, reference.getBundle(), RUNTIME,
                    "getComponentConfigurationDTOs", component);
            String name = "component " + Reflect.field(component, "name");
            if (configurations.isEmpty() && REQUIRE.equals(Reflect.field(component, "configurationPolicy"))) {
                sentences.add(name + " waits for a configuration with the PID " + String.join(" or ", wanted) + ".");
            }
            for (Object configuration : configurations) {
                component(sentences, name, wanted, configuration);
            }
        }
        for (String pid : pids) {
            if (!taken.contains(factory(pid))) {
                sentences.add("no bundle has a component for the configuration " + pid + ".");
            }
        }
    }

    private static void component(List<String> sentences, String name, String[] wanted, Object configuration) {
        switch ((int) Reflect.field(configuration, "state")) {
            case UNSATISFIED_CONFIGURATION ->
                sentences.add(name + " waits for a configuration with the PID " + String.join(" or ", wanted) + ".");
            case UNSATISFIED_REFERENCE -> {
                for (Object unsatisfied : (Object[]) Reflect.field(configuration, "unsatisfiedReferences")) {
                    Object description = Reflect.field(Reflect.field(configuration, "description"), "references");
                    sentences.add(name + " waits for a service " + type((Object[]) description, Reflect.field(unsatisfied, "name"))
                            + target(Reflect.field(unsatisfied, "target")) + ".");
                }
            }
            case FAILED_ACTIVATION ->
                sentences.add(name + " failed: " + rootCause(String.valueOf(Reflect.field(configuration, "failure"))));
            default -> { }
        }
    }

    /** The exception at the bottom of a printed stack trace: the ones above only say that a constructor threw it. */
    private static String rootCause(String trace) {
        return trace.lines().filter(line -> !line.isBlank() && !line.startsWith("\t")).reduce("", (first, last) -> last)
                .replaceFirst("^Caused by: ", "");
    }

    private static Object type(Object[] references, Object name) {
        for (Object reference : references) {
            if (Reflect.field(reference, "name").equals(name)) {
                return Reflect.field(reference, "interfaceName");
            }
        }
        return name;
    }

    private static String target(Object filter) {
        return filter == null ? "" : " with " + filter;
    }

    private static String factory(String pid) {
        int name = pid.indexOf('~');
        return name < 0 ? pid : pid.substring(0, name);
    }
}
