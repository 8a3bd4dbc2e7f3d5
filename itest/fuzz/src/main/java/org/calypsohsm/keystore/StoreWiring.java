package org.calypsohsm.keystore;

/** Does what the container does when a key store goes. In this package to reach the method. */
public final class StoreWiring {

    private StoreWiring() {
    }

    /**
     * Closes a store.
     *
     * @param store the store
     */
    public static void close(DurableKeyStore store) {
        store.close();
    }
}
