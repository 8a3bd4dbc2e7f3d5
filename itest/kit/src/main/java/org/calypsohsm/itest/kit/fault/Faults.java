package org.calypsohsm.itest.kit.fault;

import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

import org.calypsohsm.key.KeyStore;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * The faults that a test can inject; a service of the container. All of them strike by counts or from a seed, so that a test
 * does the same each time, and all end with the test. For many threads; cards that are torn are {@link CardField}s.
 */
public final class Faults {

    private final BundleContext context;
    private final Map<String, ModuleControl> modules = new ConcurrentHashMap<>();
    private final FaultList keys = new FaultList();

    Faults(BundleContext context) {
        this.context = context;
    }

    /**
     * Faults of a module of any provider.
     *
     * @param module name of the module
     * @return what can go wrong with it
     * @throws IllegalArgumentException if no module of the name has ever been there
     */
    public ModuleFaults on(String module) {
        ModuleControl control = modules.get(module);
        if (control == null) {
            throw new IllegalArgumentException("There is no module " + module + " to inject a fault into, only "
                    + new TreeSet<>(modules.keySet()) + ".");
        }
        return new ModuleFaults(control);
    }

    /**
     * Faults of a work key, in the first key store that has its key group.
     *
     * @param keyGroup number of the key group
     * @param kif      key identifier, 0..FF
     * @param kvc      key version and category, 0..FF
     * @return what can go wrong with it
     * @throws IllegalArgumentException if no open key store has the key group
     */
    public KeyFaults onKey(int keyGroup, int kif, int kvc) {
        try {
            for (ServiceReference<KeyStore> reference : context.getServiceReferences(KeyStore.class, null)) {
                KeyStore store = context.getService(reference);
                if (store != null && store.keyGroup(keyGroup) != null) {
                    return new KeyFaults(keys, store, keyGroup, kif, kvc);
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalArgumentException("No open key store has a key group " + keyGroup + ".");
    }

    /** Ends all faults; who is held up by one goes on. The base of the tests does so after each test. */
    public void clear() {
        modules.values().forEach(ModuleControl::clear);
        keys.clear();
    }

    /** Ends all faults of the container that this code runs in; does nothing outside of a container or without faults. */
    public static void endAll() {
        Bundle kit = FrameworkUtil.getBundle(Faults.class);
        BundleContext context = kit == null ? null : kit.getBundleContext();
        ServiceReference<Faults> reference = context == null ? null : context.getServiceReference(Faults.class);
        if (reference != null) {
            context.getService(reference).clear();
        }
    }

    ModuleControl control(String module) {
        return modules.computeIfAbsent(module, ModuleControl::new);
    }
}
