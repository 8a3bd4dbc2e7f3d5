package org.calypsohsm.module;

import java.util.Objects;

/**
 * The state of a module, with one sentence for a person.
 *
 * @param state    the state
 * @param sentence why, in one sentence
 */
public record ModuleStatus(ModuleState state, String sentence) {

    /** Checks that both parts are there. */
    public ModuleStatus {
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(sentence, "sentence");
    }
}
