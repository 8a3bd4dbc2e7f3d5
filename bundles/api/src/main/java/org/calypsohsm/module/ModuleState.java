package org.calypsohsm.module;

/** What a security module is doing. Source: design brief, "Hot swap". */
public enum ModuleState {
    /** Not reachable. */
    OFFLINE,
    /** Waiting for a startup card. */
    LOCKED,
    /** Testing itself. */
    SELF_TEST,
    /** Serves channels. */
    OPERATIONAL,
    /** Serves the channels it has, takes no new ones. */
    DRAINING,
    /** Broken: serves nothing. */
    FAILED,
    /** A card that has used up its operations: serves nothing. */
    END_OF_LIFE;

    /** @return true if channels of the module still answer */
    public boolean serves() {
        return this == OPERATIONAL || this == DRAINING;
    }
}
