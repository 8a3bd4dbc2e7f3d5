package org.calypsohsm.gateway;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/** Services that may be missing; each is held only for the request that needs it. */
final class Services {

    private final BundleContext context;

    Services(BundleContext context) {
        this.context = context;
    }

    /** What is done with a service. */
    @FunctionalInterface
    interface Use<S, R> {
        R with(S service) throws Problem;
    }

    /**
     * Uses the service of the highest ranking.
     *
     * @throws Problem UNAVAILABLE if there is none
     */
    <S, R> R use(Class<S> type, Use<S, R> use) throws Problem {
        List<ServiceReference<?>> found = references(type.getName());
        if (found.isEmpty()) {
            throw missing(type);
        }
        return use(type, found.get(0), use);
    }

    /** Uses one service. */
    <S, R> R use(Class<S> type, ServiceReference<?> reference, Use<S, R> use) throws Problem {
        Object service = context.getService(reference);
        if (service == null) {
            throw missing(type);
        }
        try {
            return use.with(type.cast(service));
        } finally {
            context.ungetService(reference);
        }
    }

    private static Problem missing(Class<?> type) {
        return new Problem(Problem.UNAVAILABLE, "There is no service " + type.getSimpleName() + " at the moment: it is not configured.");
    }

    /** @return the references of all services of a type, highest ranking first */
    List<ServiceReference<?>> references(String type) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, null);
            return found == null ? List.of() : new ArrayList<>(Arrays.stream(found).sorted(Comparator.reverseOrder()).toList());
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
