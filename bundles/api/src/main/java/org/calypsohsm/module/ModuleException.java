package org.calypsohsm.module;

/** A module could not do what was asked; {@link #reason()} tells what the channel manager should make of it. */
public class ModuleException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No channel is free. */
        FULL,
        /** The module has no such key group. */
        UNKNOWN_KEY_GROUP,
        /** The module is not OPERATIONAL. */
        NOT_SERVING,
        /** The state of a channel cannot be taken over by this module. */
        STATE_REFUSED,
        /** The module or the way to it broke. */
        FAILED
    }

    private final Reason reason;

    /**
     * Makes the exception.
     *
     * @param reason  why
     * @param message one sentence that names the module
     */
    public ModuleException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes the exception, with what caused it.
     *
     * @param reason  why
     * @param message one sentence that names the module
     * @param cause   what caused it
     */
    public ModuleException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** @return why */
    public Reason reason() {
        return reason;
    }
}
