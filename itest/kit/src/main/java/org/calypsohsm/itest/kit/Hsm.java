package org.calypsohsm.itest.kit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.diagnosis.Diagnosis;
import org.calypsohsm.itest.kit.fault.Faults;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * The platform, as a test in the container sees it. What is awaited and does not come fails the test with an
 * {@link AssertionError} that says why in sentences.
 */
public final class Hsm {

    /** How long is waited, unless a test says otherwise: 20 s. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final String SERVICE_NAMESPACE = "osgi.service";

    private final BundleContext context;
    private final Duration patience;

    /**
     * Looks at the platform.
     *
     * @param context the context of the test's bundle
     */
    public Hsm(BundleContext context) {
        this(context, PATIENCE);
    }

    private Hsm(BundleContext context, Duration patience) {
        this.context = context;
        this.patience = patience;
    }

    /**
     * Changes how long is waited.
     *
     * @param newPatience how long
     * @return the same platform
     */
    public Hsm within(Duration newPatience) {
        return new Hsm(context, newPatience);
    }

    // ---- what is there

    /** @return the context of the test's bundle */
    public BundleContext context() {
        return context;
    }

    /**
     * Finds a bundle.
     *
     * @param symbolicName its symbolic name
     * @return the bundle
     * @throws AssertionError if there is none
     */
    public Bundle bundle(String symbolicName) {
        return Arrays.stream(context.getBundles()).filter(bundle -> symbolicName.equals(bundle.getSymbolicName())).findFirst()
                .orElseThrow(() -> new AssertionError("There is no bundle " + symbolicName + " in the container."));
    }

    /**
     * Finds services.
     *
     * @param type   name of their type; null takes any
     * @param filter LDAP filter of their properties; null takes any
     * @return their references
     */
    public List<ServiceReference<?>> services(String type, String filter) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, filter);
            return found == null ? List.of() : Arrays.asList(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException("The filter " + filter + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** @return the channel manager, awaited */
    public ChannelManager channels() {
        return await(ChannelManager.class);
    }

    /**
     * Opens a channel.
     *
     * @param keyGroup number of the key group
     * @return the channel
     * @throws ChannelException     as {@link ChannelManager#open} says
     * @throws InterruptedException if the thread was interrupted
     */
    public Channel open(int keyGroup) throws ChannelException, InterruptedException {
        return channels().open(ChannelRequest.forKeyGroup(keyGroup));
    }

    /**
     * Gives the faults that a test can inject.
     *
     * @return the faults
     * @throws IllegalStateException if the container was made without
     */
    public Faults faults() {
        ServiceReference<Faults> reference = context.getServiceReference(Faults.class);
        if (reference == null) {
            throw new IllegalStateException("This container is made without faults: take HsmOptions.withoutFaults() out.");
        }
        return context.getService(reference);
    }

    // ---- what is awaited

    /**
     * Waits for a service.
     *
     * @param type its type
     * @param <T>  its type
     * @return the service of the highest ranking
     */
    public <T> T await(Class<T> type) {
        return await(type, null);
    }

    /**
     * Waits for a service with certain properties.
     *
     * @param type   its type
     * @param filter LDAP filter of its properties; null takes any
     * @param <T>    its type
     * @return the service of the highest ranking
     */
    public <T> T await(Class<T> type, String filter) {
        awaitOr("a service " + type.getName() + (filter == null ? "" : " with " + filter), () -> find(type, filter) != null,
                () -> ofService(type, filter));
        return find(type, filter);
    }

    private <T> T find(Class<T> type, String filter) {
        try {
            return context.getServiceReferences(type, filter).stream().sorted((one, other) -> other.compareTo(one))
                    .map(context::getService).filter(service -> service != null).findFirst().orElse(null);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException("The filter " + filter + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Waits for a module that serves.
     *
     * @param name name of the module
     * @return what the channel manager reports of it
     */
    public ModuleReport awaitModule(String name) {
        return awaitModule(name, ModuleState.OPERATIONAL);
    }

    /**
     * Waits for a module to be in a state.
     *
     * @param name  name of the module
     * @param state the state
     * @return what the channel manager reports of it
     */
    public ModuleReport awaitModule(String name, ModuleState state) {
        ChannelManager manager = channels();
        awaitOr("module " + name + " " + state, () -> report(manager, name) != null
                && report(manager, name).state().equals(state.name()),
                () -> whyModule(manager, name));
        return report(manager, name);
    }

    private static ModuleReport report(ChannelManager manager, String name) {
        return manager.modules().stream().filter(report -> report.name().equals(name)).findFirst().orElse(null);
    }

    private List<String> whyModule(ChannelManager manager, String name) {
        ModuleReport report = report(manager, name);
        List<String> sentences = new ArrayList<>();
        if (report == null) {
            sentences.add("The channel manager has no module " + name + ", only "
                    + manager.modules().stream().map(ModuleReport::name).toList() + ".");
            sentences.addAll(ofService(SecurityModule.class, "(" + SecurityModule.NAME + "=" + name + ")"));
        } else {
            sentences.add("Module " + name + " is " + report.state() + ": " + report.sentence());
        }
        sentences.addAll(closedStores());
        return sentences;
    }

    private List<String> closedStores() {
        List<String> sentences = new ArrayList<>();
        for (ServiceReference<?> reference : services(KeyStore.class.getName(), null)) {
            if (context.getService(reference) instanceof KeyStore store && !store.status().isOpen()) {
                sentences.add("Key store " + reference.getProperty(KeyStore.NAME) + " is " + store.status().state() + ": "
                        + store.status().sentence());
            }
        }
        return sentences;
    }

    /**
     * Waits for the security plugin of a product.
     *
     * @param product name of the product, as in {@code "CD21"}
     * @return the plugin
     */
    public SecurityPlugin awaitProduct(String product) {
        return await(SecurityPlugin.class, "(" + SecurityPlugin.PRODUCT + "=" + product + ")");
    }

    /** Waits until a key store is there and its key groups can be used. */
    public void awaitOpenKeyStore() {
        KeyStore store = await(KeyStore.class);
        awaitOr("an open key store", () -> store.status().isOpen(), this::closedStores);
    }

    /**
     * Waits until the platform serves: each module that the configuration names is OPERATIONAL, and each bundle that brings
     * a product has registered its plugin.
     */
    public void awaitReady() {
        String modules = context.getProperty(HsmOptions.MODULES);
        for (String module : modules == null || modules.isEmpty() ? Set.<String>of() : Set.of(modules.split(","))) {
            awaitModule(module);
        }
        for (Bundle bundle : context.getBundles()) {
            if (bringsProduct(bundle) && bundle.getState() == Bundle.ACTIVE) {
                awaitOr("the security plugin of bundle " + bundle.getSymbolicName(),
                        () -> services(SecurityPlugin.class.getName(), null).stream()
                                .anyMatch(reference -> bundle.equals(reference.getBundle())),
                        () -> new Diagnosis(context).of(bundle.getSymbolicName()));
            }
        }
    }

    private static boolean bringsProduct(Bundle bundle) {
        return String.valueOf(bundle.getHeaders().get(Constants.PROVIDE_CAPABILITY)).contains(SERVICE_NAMESPACE)
                && bundle.getHeaders().get(Constants.PROVIDE_CAPABILITY).contains(SecurityPlugin.class.getName());
    }

    /**
     * Waits for a condition.
     *
     * @param what      what is awaited, for the message
     * @param condition asked again and again
     */
    public void await(String what, BooleanSupplier condition) {
        awaitOr(what, condition, List::of);
    }

    private List<String> ofService(Class<?> type, String filter) {
        return new Diagnosis(context).ofService(type.getName(), filter);
    }

    private void awaitOr(String what, BooleanSupplier condition, Supplier<List<String>> reasons) {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end >= 0) {
                StringBuilder message = new StringBuilder("Within " + patience.toMillis() + " ms there was not: " + what + ".");
                reasons.get().forEach(reason -> message.append(System.lineSeparator()).append("  - ").append(reason));
                throw new AssertionError(message.toString());
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
