package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/** Finds out what a bundle or a component lacks, in sentences. */
final class Why {

    private final BundleContext context;
    private final ServiceComponentRuntime runtime;

    Why(BundleContext context, ServiceComponentRuntime runtime) {
        this.context = context;
        this.runtime = runtime;
    }

    /** @return what is known of all bundles and components of a name, each in full or its end; empty if there is none */
    List<String> sentences(String name) {
        List<String> sentences = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            Collection<ComponentDescriptionDTO> components = runtime.getComponentDescriptionDTOs(bundle);
            if (isNamed(bundle.getSymbolicName(), name)) {
                bundle(sentences, bundle);
                components.forEach(component -> component(sentences, component));
            } else {
                components.stream().filter(component -> isNamed(component.name, name))
                        .forEach(component -> component(sentences, component));
            }
        }
        return sentences;
    }

    static boolean isNamed(String full, String name) {
        return full != null && (full.equals(name) || full.endsWith("." + name));
    }

    private void bundle(List<String> sentences, Bundle bundle) {
        String start = "Bundle " + bundle.getSymbolicName();
        switch (bundle.getState()) {
            case Bundle.INSTALLED -> {
                sentences.add(start + " does not resolve.");
                for (BundleRequirement requirement : bundle.adapt(BundleRevision.class).getDeclaredRequirements(null)) {
                    unmet(sentences, start, requirement);
                }
            }
            case Bundle.ACTIVE, Bundle.STARTING -> sentences.add(start + " runs.");
            default -> sentences.add(start + (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null
                    ? " is stopped. To start it: felix:start " + bundle.getBundleId() : " is a fragment, and attached."));
        }
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
        } else if (offering.stream().allMatch(bundle -> bundle.getState() == Bundle.INSTALLED && !start.endsWith(bundle.getSymbolicName()))) {
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

    private void component(List<String> sentences, ComponentDescriptionDTO component) {
        String start = "Component " + component.name;
        Collection<ComponentConfigurationDTO> configurations = runtime.getComponentConfigurationDTOs(component);
        if (!runtime.isComponentEnabled(component)) {
            sentences.add(start + " is disabled.");
        } else if (configurations.isEmpty()) {
            sentences.add(start + " waits for a configuration with the PID " + String.join(" or ", component.configurationPid) + ".");
        }
        configurations.forEach(configuration -> configuration(sentences, start, component, configuration));
    }

    private static void configuration(List<String> sentences, String start, ComponentDescriptionDTO component,
            ComponentConfigurationDTO configuration) {
        switch (configuration.state) {
            case ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION -> sentences.add(start + " waits for a configuration with the PID "
                    + String.join(" or ", component.configurationPid) + ".");
            case ComponentConfigurationDTO.UNSATISFIED_REFERENCE -> {
                for (UnsatisfiedReferenceDTO missing : configuration.unsatisfiedReferences) {
                    sentences.add(start + " waits for a service " + type(component.references, missing.name)
                            + (missing.target == null ? "." : " with " + missing.target + "."));
                }
            }
            case ComponentConfigurationDTO.FAILED_ACTIVATION -> sentences.add(start + " failed: " + rootCause(configuration.failure));
            case ComponentConfigurationDTO.ACTIVE -> sentences.add(start + " is active.");
            default -> sentences.add(start + " is ready; nobody has used it yet.");
        }
    }

    private static String type(ReferenceDTO[] references, String name) {
        return Arrays.stream(references).filter(reference -> reference.name.equals(name)).map(reference -> reference.interfaceName)
                .findFirst().orElse(name);
    }

    /** The exception at the bottom of a printed stack trace: the ones above only say that a constructor threw it. */
    private static String rootCause(String trace) {
        return trace.lines().filter(line -> !line.isBlank() && !line.startsWith("\t")).reduce("", (first, last) -> last)
                .replaceFirst("^Caused by: ", "");
    }
}
