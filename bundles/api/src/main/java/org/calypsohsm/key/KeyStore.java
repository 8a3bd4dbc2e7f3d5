package org.calypsohsm.key;

import java.util.Set;
import java.util.function.Consumer;

import org.osgi.annotation.versioning.ProviderType;

/** The service that holds the key groups. */
@ProviderType
public interface KeyStore {

    /** Service property, {@code String}: unique name of the key store. @since 1.1 */
    String NAME = "hsm.keystore.name";

    /** Ends a {@link #watch}. @since 1.1 */
    @FunctionalInterface
    interface Watch extends AutoCloseable {

        /** Ends it; the listener is not called after this returns. */
        @Override
        void close();
    }

    /** @return the numbers of the key groups that exist now; a snapshot, empty while the store is not open */
    Set<Integer> keyGroups();

    /**
     * Finds a key group.
     *
     * @param number the group's number
     * @return the group, or null if there is none of this number or the store is not open
     */
    KeyGroup keyGroup(int number);

    /**
     * Tells the state.
     *
     * @return the state now; cheap
     * @since 1.1
     */
    KeyStoreStatus status();

    /**
     * Calls a listener with the state: at once, and after each change. It may take a while to test itself; what waits for
     * the change waits for it.
     *
     * @param listener called by one thread at a time
     * @return ends it
     * @since 1.1
     */
    Watch watch(Consumer<KeyStoreStatus> listener);
}
