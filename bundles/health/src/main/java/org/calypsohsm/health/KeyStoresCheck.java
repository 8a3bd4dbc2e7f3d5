package org.calypsohsm.health;

import java.util.List;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.Services.OfStore;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Ready: every key store is open. */
@Component(property = {HealthCheck.NAME + "=key stores", HealthCheck.TAGS + "=ready"})
public final class KeyStoresCheck implements HealthCheck {

    private final Services services;

    /**
     * Makes the check.
     *
     * @param context context of the bundle
     */
    @Activate
    public KeyStoresCheck(BundleContext context) {
        services = new Services(context);
    }

    @Override
    public Result execute() {
        List<OfStore<KeyStoreStatus>> stores = services.stores(KeyStore::status);
        if (stores.isEmpty()) {
            return Findings.bad("There is no key store, so no module has keys: configure one.");
        }
        return Findings.of(stores.stream().filter(store -> !store.value().isOpen())
                .map(store -> "Key store " + store.name() + " is " + store.value().state() + ": " + store.value().sentence()).toList(),
                "All key stores are open: " + stores.size() + ".");
    }
}
