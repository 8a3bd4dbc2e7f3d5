package org.calypsohsm.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** The components of a container as Declarative Services describes them, by reflection: a launcher shares no class with it. */
final class Components {

    /** States of a component configuration, from the Declarative Services specification. */
    static final int UNSATISFIED_CONFIGURATION = 1;
    static final int UNSATISFIED_REFERENCE = 2;
    static final int ACTIVE = 8;
    static final int FAILED_ACTIVATION = 16;

    private static final String RUNTIME = "org.osgi.service.component.runtime.ServiceComponentRuntime";

    /**
     * A component.
     *
     * @param services types that it registers
     */
    record Component(String name, String[] configurationPid, boolean isEnabled, List<String> services,
            List<Configuration> configurations) {

        String pids() {
            return String.join(" or ", configurationPid);
        }
    }

    /**
     * A component with one of its configurations.
     *
     * @param missing references that are not satisfied
     * @param failure stack trace of the activation
     */
    record Configuration(int state, List<Missing> missing, String failure) {
    }

    /**
     * A reference that is not satisfied.
     *
     * @param type   the type of service
     * @param target its filter; null if there is none
     */
    record Missing(String type, String target) {
    }

    private final ServiceReference<?> reference;
    private final Object runtime;

    Components(BundleContext context) {
        reference = context.getServiceReference(RUNTIME);
        runtime = reference == null ? null : context.getService(reference);
    }

    /** @return false if Declarative Services does not run, so that there is no component */
    boolean isRuntimePresent() {
        return runtime != null;
    }

    /** @return the components of some bundles; of all if none is named */
    List<Component> of(Bundle... bundles) {
        if (runtime == null) {
            return List.of();
        }
        List<Component> components = new ArrayList<>();
        for (Object description : (Collection<?>) call("getComponentDescriptionDTOs", new Object[] {bundles})) {
            List<Configuration> configurations = new ArrayList<>();
            for (Object configuration : (Collection<?>) call("getComponentConfigurationDTOs", description)) {
                configurations.add(configuration(description, configuration));
            }
            components.add(new Component((String) Reflect.field(description, "name"),
                    (String[]) Reflect.field(description, "configurationPid"), (boolean) call("isComponentEnabled", description),
                    List.of((String[]) Reflect.field(description, "serviceInterfaces")), configurations));
        }
        return components;
    }

    private static Configuration configuration(Object description, Object configuration) {
        List<Missing> missing = new ArrayList<>();
        for (Object reference : (Object[]) Reflect.field(configuration, "unsatisfiedReferences")) {
            Object[] references = (Object[]) Reflect.field(description, "references");
            missing.add(new Missing(type(references, (String) Reflect.field(reference, "name")),
                    (String) Reflect.field(reference, "target")));
        }
        return new Configuration((int) Reflect.field(configuration, "state"), missing,
                String.valueOf(Reflect.field(configuration, "failure")));
    }

    private static String type(Object[] references, String name) {
        return Arrays.stream(references).filter(reference -> name.equals(Reflect.field(reference, "name")))
                .map(reference -> (String) Reflect.field(reference, "interfaceName")).findFirst().orElse(name);
    }

    private Object call(String method, Object... arguments) {
        return Reflect.call(runtime, reference.getBundle(), RUNTIME, method, arguments);
    }
}
