package org.calypsohsm.trusting;

import java.util.Collection;
import java.util.Map;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.hooks.service.EventListenerHook;
import org.osgi.framework.hooks.service.FindHook;
import org.osgi.framework.hooks.service.ListenerHook.ListenerInfo;

/** Hides services of refused bundles from all others. The framework itself sees them, as the specification has it. */
final class ServiceHooks implements FindHook, EventListenerHook {

    private final Trust trust;

    ServiceHooks(Trust trust) {
        this.trust = trust;
    }

    @Override
    public void find(BundleContext context, String name, String filter, boolean all, Collection<ServiceReference<?>> references) {
        references.removeIf(reference -> !isOf(context, reference.getBundle()) && trust.isHidden(reference));
    }

    @Override
    public void event(ServiceEvent event, Map<BundleContext, Collection<ListenerInfo>> listeners) {
        // Everybody may see an end, so that nobody keeps a service that he had before it was hidden.
        if (event.getType() != ServiceEvent.UNREGISTERING && trust.isHidden(event.getServiceReference())) {
            Bundle owner = event.getServiceReference().getBundle();
            listeners.keySet().removeIf(context -> !isOf(context, owner));
        }
    }

    private static boolean isOf(BundleContext context, Bundle owner) {
        try {
            return owner != null && owner.equals(context.getBundle());
        } catch (IllegalStateException e) {
            // Its bundle has just stopped.
            return false;
        }
    }
}
