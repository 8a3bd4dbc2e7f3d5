package org.calypsohsm.itest.kit.fault;

import java.util.Collection;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import java.util.Set;

import org.calypsohsm.module.SecurityModule;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.hooks.service.EventListenerHook;
import org.osgi.framework.hooks.service.FindHook;
import org.osgi.framework.hooks.service.ListenerHook;
import org.osgi.util.tracker.ServiceTrackerCustomizer;

/**
 * Puts a layer over every module: hides the service of the provider from all but this bundle, and registers another one in
 * its place, in the name of the provider's bundle. So it comes and goes with that bundle, and is trusted as that bundle is.
 */
final class Interposer implements ServiceTrackerCustomizer<SecurityModule, Interposer.Layer>, EventListenerHook, FindHook {

    /** Service property of a layer. */
    private static final String LAYER = "hsm.itest.layer";
    private static final Set<String> FRAMEWORK_PROPERTIES =
            Set.of(Constants.OBJECTCLASS, Constants.SERVICE_ID, Constants.SERVICE_BUNDLEID, Constants.SERVICE_SCOPE);

    /** The service filter of what gets a layer. */
    static final String FILTER = "(&(" + Constants.OBJECTCLASS + "=" + SecurityModule.class.getName() + ")(!(" + LAYER + "=*)))";

    private final BundleContext context;
    private final Faults faults;

    Interposer(BundleContext context, Faults faults) {
        this.context = context;
        this.faults = faults;
    }

    /** The service in place of a provider's. */
    final class Layer implements ModuleControl.Presence {

        private final ServiceReference<SecurityModule> original;
        private final BundleContext provider;
        private final FaultyModule module;
        private final ModuleControl control;
        private ServiceRegistration<?> registration;
        private boolean wanted = true;

        Layer(ServiceReference<SecurityModule> original, BundleContext provider, SecurityModule module, ModuleControl control) {
            this.original = original;
            this.provider = provider;
            this.module = new FaultyModule(module, control);
            this.control = control;
        }

        @Override
        public void vanish() {
            ServiceRegistration<?> going;
            synchronized (this) {
                going = registration;
                registration = null;
                wanted = false;
            }
            if (going != null) {
                try {
                    going.unregister();
                } catch (IllegalStateException e) {
                    // The framework was faster: the provider's bundle stops.
                }
            }
        }

        @Override
        public void comeBack() {
            synchronized (this) {
                wanted = true;
            }
            register();
        }

        void register() {
            // Without the monitor: whoever hears of the service calls it.
            ServiceRegistration<?> made = provider.registerService(SecurityModule.class, module, properties(original));
            boolean keep;
            synchronized (this) {
                keep = wanted && registration == null;
                registration = keep ? made : registration;
            }
            if (!keep) {
                made.unregister();
            }
        }

        synchronized void modified() {
            if (registration != null) {
                registration.setProperties(properties(original));
            }
        }

        void end() {
            control.present(null);
            vanish();
        }
    }

    private static Dictionary<String, Object> properties(ServiceReference<?> original) {
        Dictionary<String, Object> properties = new Hashtable<>();
        for (String key : original.getPropertyKeys()) {
            if (!FRAMEWORK_PROPERTIES.contains(key)) {
                properties.put(key, original.getProperty(key));
            }
        }
        properties.put(LAYER, true);
        return properties;
    }

    // ---- follows the providers

    @Override
    public Layer addingService(ServiceReference<SecurityModule> reference) {
        SecurityModule module = context.getService(reference);
        Bundle bundle = reference.getBundle();
        BundleContext provider = bundle == null ? null : bundle.getBundleContext();
        if (module == null || provider == null) {
            return null;
        }
        ModuleControl control = faults.control(module.info().name());
        Layer layer = new Layer(reference, provider, module, control);
        control.present(layer);
        if (!control.isVanished()) {
            layer.register();
        }
        return layer;
    }

    @Override
    public void modifiedService(ServiceReference<SecurityModule> reference, Layer layer) {
        layer.modified();
    }

    @Override
    public void removedService(ServiceReference<SecurityModule> reference, Layer layer) {
        layer.end();
        context.ungetService(reference);
    }

    // ---- hides them

    private boolean isHidden(ServiceReference<?> reference) {
        return reference.getProperty(LAYER) == null
                && Set.of((String[]) reference.getProperty(Constants.OBJECTCLASS)).contains(SecurityModule.class.getName());
    }

    @Override
    public void event(ServiceEvent event, Map<BundleContext, Collection<ListenerHook.ListenerInfo>> listeners) {
        if (isHidden(event.getServiceReference())) {
            listeners.keySet().removeIf(this::mayNotSee);
        }
    }

    @Override
    public void find(BundleContext finder, String name, String filter, boolean all, Collection<ServiceReference<?>> references) {
        if (mayNotSee(finder)) {
            references.removeIf(this::isHidden);
        }
    }

    /** The framework itself sees everything whatever a hook does. */
    private boolean mayNotSee(BundleContext other) {
        return !context.getBundle().equals(other.getBundle());
    }
}
