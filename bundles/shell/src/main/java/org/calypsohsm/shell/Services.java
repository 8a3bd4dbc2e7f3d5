package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * The services that commands use. They are looked up for each command and given back after it, since a command must also
 * tell of a platform where one is missing.
 */
final class Services {

    private final BundleContext context;

    Services(BundleContext context) {
        this.context = context;
    }

    /** What a command does with a service. */
    @FunctionalInterface
    interface Use<S, R> {
        R with(S service) throws CommandException;
    }

    /**
     * Uses a service.
     *
     * @param type its type
     * @param use  what to do with it
     * @return what that returns
     * @throws CommandException if there is no such service
     */
    <S, R> R use(Class<S> type, Use<S, R> use) throws CommandException {
        ServiceReference<S> reference = context.getServiceReference(type);
        S service = reference == null ? null : context.getService(reference);
        if (service == null) {
            throw new CommandException("There is no service " + type.getSimpleName() + " at the moment. Try: hsm:status");
        }
        try {
            return use.with(service);
        } finally {
            context.ungetService(reference);
        }
    }

    /** @return true if there is a service of the type */
    boolean isPresent(Class<?> type) {
        return context.getServiceReference(type) != null;
    }

    /** @return all services of a type, highest ranking first; not to be kept */
    <S> List<S> all(Class<S> type) {
        List<S> services = new ArrayList<>();
        for (ServiceReference<?> reference : references(type.getName())) {
            Object service = context.getService(reference);
            if (service != null) {
                services.add(type.cast(service));
                context.ungetService(reference);
            }
        }
        return services;
    }

    /** @return the references of all services of a type, known by its name only, highest ranking first */
    Collection<ServiceReference<?>> references(String type) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, null);
            return found == null ? List.of() : Arrays.stream(found).sorted(Comparator.reverseOrder()).toList();
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
