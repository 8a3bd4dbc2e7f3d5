package org.calypsohsm.startup;

import org.calypsohsm.key.KeyStoreStatus;

/**
 * How far the start-up of a store is.
 *
 * @param store  name of the store
 * @param status its state
 * @param set    its set of startup cards; null if it has to be initialized
 * @param given  how many shares were given so far; 0 when the store is open
 */
public record StartupReport(String store, KeyStoreStatus status, CardSet set, int given) {

    /** @return how many shares are missing; 0 when the store is open or has no set of cards */
    public int missing() {
        return set == null || status.isOpen() ? 0 : set.threshold() - given;
    }
}
