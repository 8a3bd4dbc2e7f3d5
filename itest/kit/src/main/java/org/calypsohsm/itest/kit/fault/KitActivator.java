package org.calypsohsm.itest.kit.fault;

import org.calypsohsm.module.SecurityModule;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.hooks.service.EventListenerHook;
import org.osgi.framework.hooks.service.FindHook;
import org.osgi.util.tracker.ServiceTracker;

/** Starts what injects faults, unless the container is made without. Called by the framework. */
public final class KitActivator implements BundleActivator {

    /** Framework property: {@code false} for a container without. */
    private static final String FAULTS = "hsm.itest.faults";

    private ServiceTracker<SecurityModule, Interposer.Layer> modules;

    /** Called by the framework. */
    public KitActivator() {
    }

    @Override
    public void start(BundleContext context) throws Exception {
        if (Boolean.FALSE.toString().equals(context.getProperty(FAULTS))) {
            return;
        }
        Faults faults = new Faults(context);
        Interposer interposer = new Interposer(context, faults);
        context.registerService(new String[] {EventListenerHook.class.getName(), FindHook.class.getName()}, interposer, null);
        modules = new ServiceTracker<>(context, context.createFilter(Interposer.FILTER), interposer);
        modules.open();
        context.registerService(Faults.class, faults, null);
    }

    @Override
    public void stop(BundleContext context) {
        if (modules != null) {
            modules.close();
        }
    }
}
