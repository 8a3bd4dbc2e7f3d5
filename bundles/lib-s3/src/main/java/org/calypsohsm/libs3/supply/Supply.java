package org.calypsohsm.libs3.supply;

import java.time.Duration;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;

/** Where the channel manager comes from: the service, in a container; else the one that is on the class path. */
public final class Supply {

    /**
     * Something to ask a channel manager.
     *
     * @param <R> the answer
     */
    @FunctionalInterface
    public interface Question<R> {

        /**
         * Asks it.
         *
         * @param manager the channel manager, which stays until this returns
         * @return the answer
         * @throws ChannelException     as the channel manager says
         * @throws InterruptedException as the channel manager says
         */
        R ask(ChannelManager manager) throws ChannelException, InterruptedException;
    }

    /** System property: name of the class of the channel manager, if several are on the class path. */
    static final String MANAGER = "org.calypsohsm.libs3.channelManager";
    /** System properties, for outside a container: as the configuration of the same name. */
    static final String INITIALIZE_MILLIS = "org.calypsohsm.libs3.initializeMillis";
    static final String IDLE_TIMEOUT_MILLIS = "org.calypsohsm.libs3.idleTimeoutMillis";
    static final long DEFAULT_INITIALIZE_MILLIS = 5000;

    /** For all components that come one after the other, so that whoever initialized the library need not do so again. */
    private static final Lease CONTAINER = new Lease();
    /** Null outside a container. */
    private static volatile LibS3.Config container;

    private final Lease lease;
    private final ChannelManager own;

    private Supply(Lease lease, ChannelManager own) {
        this.lease = lease;
        this.own = own;
    }

    static Lease inContainer(LibS3.Config config) {
        container = config;
        return CONTAINER;
    }

    /**
     * Finds a channel manager, and waits until a module serves, for as long as is configured.
     *
     * @return where to ask
     * @throws SupplyException      if there is none
     * @throws InterruptedException if the thread was interrupted
     */
    public static Supply find() throws SupplyException, InterruptedException {
        return container == null ? onClassPath() : ofContainer();
    }

    private static Supply ofContainer() throws SupplyException, InterruptedException {
        long millis = container.initializeMillis();
        if (!CONTAINER.await(Supply::serves, millis)) {
            throw new SupplyException("No service " + ChannelManager.class.getName() + " came within " + millis
                    + " ms; install and start the channel manager.", null);
        }
        return new Supply(CONTAINER, null);
    }

    private static Supply onClassPath() throws SupplyException, InterruptedException {
        ChannelManager manager;
        try {
            manager = provider().get();
        } catch (ServiceConfigurationError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new SupplyException("The channel manager on the class path does not start: " + cause.getMessage(), e);
        }
        Supply supply = new Supply(new Lease(), manager);
        supply.lease.come(manager);
        try {
            supply.lease.await(Supply::serves, Long.getLong(INITIALIZE_MILLIS, DEFAULT_INITIALIZE_MILLIS));
            return supply;
        } catch (InterruptedException e) {
            supply.close();
            throw e;
        } catch (RuntimeException e) {
            supply.close();
            throw new SupplyException("The channel manager on the class path fails: " + e.getMessage(), e);
        }
    }

    private static ServiceLoader.Provider<ChannelManager> provider() throws SupplyException {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        List<ServiceLoader.Provider<ChannelManager>> providers = ServiceLoader
                .load(ChannelManager.class, loader == null ? Supply.class.getClassLoader() : loader).stream().toList();
        String wanted = System.getProperty(MANAGER);
        List<ServiceLoader.Provider<ChannelManager>> fitting = providers.stream()
                .filter(provider -> wanted == null || provider.type().getName().equals(wanted)).toList();
        if (fitting.size() == 1) {
            return fitting.get(0);
        }
        List<String> names = providers.stream().map(provider -> provider.type().getName()).toList();
        throw new SupplyException(providers.isEmpty()
                ? "There is no channel manager: in a container start this library's bundle, elsewhere put a jar on the class path"
                        + " that offers one in META-INF/services/" + ChannelManager.class.getName() + "."
                : wanted == null ? "Several channel managers are on the class path, " + names + "; name one in the system property "
                        + MANAGER + "."
                : "The system property " + MANAGER + " names " + wanted + ", but on the class path are " + names + ".", null);
    }

    private static boolean serves(ChannelManager manager) {
        return manager.modules().stream().anyMatch(report -> report.state().equals("OPERATIONAL"));
    }

    /**
     * Asks the channel manager.
     *
     * @param question what
     * @param <R>      the answer
     * @return the answer
     * @throws SupplyException      if it is gone
     * @throws ChannelException     as the question does
     * @throws InterruptedException as the question does
     */
    public <R> R ask(Question<R> question) throws SupplyException, ChannelException, InterruptedException {
        return lease.ask(question);
    }

    /**
     * Makes a request that does not wait.
     *
     * @param keyGroup number of the key group, 0 or more
     * @return the request, with the lease that is configured
     */
    public ChannelRequest request(int keyGroup) {
        LibS3.Config config = container;
        long idleMillis = config == null || own != null ? Long.getLong(IDLE_TIMEOUT_MILLIS, 0) : config.idleTimeoutMillis();
        return new ChannelRequest(keyGroup, Duration.ZERO, Duration.ofMillis(idleMillis));
    }

    /**
     * Closes a channel manager that was found on the class path, if it can be closed.
     *
     * @throws SupplyException if it did not end cleanly
     */
    public void close() throws SupplyException {
        if (own == null) {
            return;
        }
        lease.go(own);
        if (own instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new SupplyException("The channel manager did not end cleanly: " + e.getMessage(), e);
            }
        }
    }
}
