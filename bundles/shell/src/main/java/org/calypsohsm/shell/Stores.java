package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.startup.StartupException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** The services of a key store, of which there may be several: then a command has to say which one it means. */
final class Stores {

    private final BundleContext context;
    private final Services services;

    Stores(BundleContext context) {
        this.context = context;
        services = new Services(context);
    }

    /** What a command does with a service of a key store. */
    @FunctionalInterface
    interface Use<S, R> {
        R with(S service) throws CommandException, KeyAdministrationException, StartupException;
    }

    /**
     * Uses a service of a key store.
     *
     * @param type  its type
     * @param store name of the store; empty if there is only one
     * @param use   what to do with it
     * @return what that returns
     * @throws CommandException if there is no such store, or it is not said which one, or the service refuses
     */
    <S, R> R use(Class<S> type, String store, Use<S, R> use) throws CommandException {
        Collection<ServiceReference<?>> all = services.references(type.getName());
        List<ServiceReference<?>> found = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (ServiceReference<?> reference : all) {
            String name = String.valueOf(reference.getProperty(KeyStore.NAME));
            names.add(name);
            if (store.isEmpty() || store.equals(name)) {
                found.add(reference);
            }
        }
        if (found.isEmpty()) {
            throw new CommandException(all.isEmpty() ? missing(type) : "There is no key store " + store + ". There are: "
                    + String.join(", ", names) + ".");
        }
        if (found.size() > 1) {
            throw new CommandException("There are several key stores: say which one with --store. There are: "
                    + String.join(", ", names) + ".");
        }
        Object service = context.getService(found.get(0));
        if (service == null) {
            throw new CommandException(missing(type));
        }
        try {
            return use.with(type.cast(service));
        } catch (KeyAdministrationException | StartupException e) {
            throw new CommandException(e.getMessage());
        } finally {
            context.ungetService(found.get(0));
        }
    }

    private static String missing(Class<?> type) {
        return "There is no service " + type.getSimpleName() + " at the moment: keys in memory cannot be administered, so"
                + " configure org.calypsohsm.keystore.durable. Try: hsm:status";
    }
}
