package org.calypsohsm.monitoring;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

import org.calypsohsm.key.KeyStore;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * The services that are looked at. They are looked up for each use and given back after it, since a look must also tell of a
 * platform where one is missing.
 */
public final class Services {

    private final BundleContext context;

    /**
     * Looks with the eyes of a bundle.
     *
     * @param context context of the bundle
     */
    public Services(BundleContext context) {
        this.context = context;
    }

    /**
     * What is done with a service.
     *
     * @param <S> type of the service
     * @param <R> what it gives
     * @param <E> what it throws
     */
    @FunctionalInterface
    public interface Use<S, R, E extends Exception> {

        /**
         * Uses the service.
         *
         * @param service the service, not to be kept
         * @return what it gives
         * @throws E if it does not succeed
         */
        R with(S service) throws E;
    }

    /**
     * Uses a service.
     *
     * @param type    its type
     * @param use     what to do with it
     * @param missing what it gives if there is no such service
     * @param <S>     type of the service
     * @param <R>     what it gives
     * @param <E>     what it throws
     * @return what that gives
     * @throws E if the use does not succeed
     */
    public <S, R, E extends Exception> R use(Class<S> type, Use<? super S, R, E> use, R missing) throws E {
        ServiceReference<S> reference = context.getServiceReference(type);
        S service = reference == null ? null : context.getService(reference);
        if (service == null) {
            return missing;
        }
        try {
            return use.with(service);
        } finally {
            context.ungetService(reference);
        }
    }

    /**
     * Tells whether there is a service.
     *
     * @param type its type
     * @return true if there is one
     */
    public boolean isPresent(Class<?> type) {
        return context.getServiceReference(type) != null;
    }

    /**
     * A key store under its name.
     *
     * @param <R>   what was asked
     * @param name  its name
     * @param value the answer
     */
    public record OfStore<R>(String name, R value) {
    }

    /**
     * Asks every key store.
     *
     * @param question what to ask
     * @param <R>      what it gives
     * @return the answers, in the order of the stores' names
     */
    public <R> List<OfStore<R>> stores(Function<KeyStore, R> question) {
        List<OfStore<R>> answers = new ArrayList<>();
        for (ServiceReference<?> reference : references(KeyStore.class.getName())) {
            if (context.getService(reference) instanceof KeyStore store) {
                try {
                    Object name = reference.getProperty(KeyStore.NAME);
                    answers.add(new OfStore<>(name == null ? "main" : name.toString(), question.apply(store)));
                } finally {
                    context.ungetService(reference);
                }
            }
        }
        answers.sort(Comparator.comparing(OfStore::name));
        return answers;
    }

    /**
     * Finds all services of a type that is known by its name only.
     *
     * @param type name of the type
     * @return their references, highest ranking first
     */
    public Collection<ServiceReference<?>> references(String type) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, null);
            return found == null ? List.of() : Arrays.stream(found).sorted(Comparator.reverseOrder()).toList();
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
