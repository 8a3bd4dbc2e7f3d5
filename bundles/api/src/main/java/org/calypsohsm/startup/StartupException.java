package org.calypsohsm.startup;

/** A store was not opened, made, locked or destroyed. */
public class StartupException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** There is no such store. */
        NOT_FOUND,
        /** The storage key is of another store. */
        WRONG_KEY,
        /** The store is open. */
        ALREADY_OPEN,
        /** The store has a set of startup cards already. */
        ALREADY_INITIALIZED,
        /** The store has no set of startup cards yet. */
        NOT_INITIALIZED,
        /** There is no reader, or no card in it. */
        NO_CARD,
        /** The card is no startup card, of another set, or was given before. */
        WRONG_CARD,
        /** The PIN is wrong; the message says how many tries are left. */
        WRONG_PIN,
        /** The card refuses every PIN after too many wrong ones. */
        PIN_BLOCKED,
        /** The audit log did not take it. */
        NOT_RECORDED,
        /** The store, the card or the way to it broke. */
        FAILED
    }

    private final Reason reason;

    /**
     * Makes the exception.
     *
     * @param reason  why
     * @param message one sentence that names the store or the reader and says what to do
     */
    public StartupException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes the exception, with what caused it.
     *
     * @param reason  why
     * @param message one sentence that names the store or the reader and says what to do
     * @param cause   what caused it; its message must hold no secret
     */
    public StartupException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** @return why */
    public Reason reason() {
        return reason;
    }
}
