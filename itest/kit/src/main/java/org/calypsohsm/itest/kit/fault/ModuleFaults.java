package org.calypsohsm.itest.kit.fault;

import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;

/** Faults of a whole module, and, as {@link ExchangeFaults}, of the exchanges with it. */
public final class ModuleFaults extends ExchangeFaults {

    ModuleFaults(ModuleControl control) {
        super(control, Trigger.ALWAYS);
    }

    /**
     * The module is in another state; in one that does not serve it opens and exchanges nothing. The channel manager notices
     * at its next look or exchange, as with any module.
     *
     * @param state    the state, as in {@link ModuleState#FAILED} or {@link ModuleState#END_OF_LIFE}
     * @param sentence why, in one sentence
     * @return the fault
     */
    public Fault state(ModuleState state, String sentence) {
        return control.state(new ModuleStatus(state, sentence));
    }

    /**
     * The service of the module goes, as when its bundle stops; when the fault ends it is there again. Returns when the channel
     * manager has let it go.
     *
     * @return the fault
     */
    public Fault vanish() {
        return control.whole("vanish", control::vanish, control::comeBack);
    }

    /**
     * The module opens fewer channels than it says: it answers that all are in use.
     *
     * @param channels how many may be open at once, 0 or more; those that are open stay
     * @return the fault
     */
    public Fault limit(int channels) {
        if (channels < 0) {
            throw new IllegalArgumentException("A module has 0 channels or more, not " + channels + ".");
        }
        return control.limit(channels);
    }
}
