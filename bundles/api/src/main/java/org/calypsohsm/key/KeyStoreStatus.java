package org.calypsohsm.key;

import java.util.Objects;

/**
 * The state of a key store, with one sentence for a person.
 *
 * @param state    the state
 * @param sentence why, in one sentence
 * @since 1.1
 */
public record KeyStoreStatus(State state, String sentence) {

    /** What a key store is doing. */
    public enum State {
        /** Its keys are sealed: it waits for the storage key, which start-up releases. */
        LOCKED,
        /** Its key groups can be used. */
        OPEN,
        /** It cannot be used: its file is broken, or could not be written. */
        FAILED
    }

    /** Checks that both parts are there. */
    public KeyStoreStatus {
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(sentence, "sentence");
    }

    /** @return true if its key groups can be used */
    public boolean isOpen() {
        return state == State.OPEN;
    }
}
