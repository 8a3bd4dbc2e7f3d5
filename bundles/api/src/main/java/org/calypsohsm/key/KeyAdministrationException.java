package org.calypsohsm.key;

/**
 * An act of key administration did not take place; nothing was changed.
 *
 * @since 1.1
 */
public class KeyAdministrationException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** The officer lacks the role, or the password is wrong. */
        NOT_PERMITTED,
        /** There is no such group, key or officer. */
        NOT_FOUND,
        /** There is one already. */
        ALREADY_THERE,
        /** What was given is wrong: the message says what to correct. */
        BAD_INPUT,
        /** The key store is locked. */
        NOT_OPEN,
        /** It is in use; the message says by what. */
        IN_USE,
        /** The audit log did not take it. */
        NOT_RECORDED,
        /** The store or the way to it broke. */
        FAILED
    }

    private final Reason reason;

    /**
     * Makes the exception.
     *
     * @param reason  why
     * @param message one sentence that names the key store and says what to do
     */
    public KeyAdministrationException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes the exception, with what caused it.
     *
     * @param reason  why
     * @param message one sentence that names the key store and says what to do
     * @param cause   what caused it; its message must hold no secret
     */
    public KeyAdministrationException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** @return why */
    public Reason reason() {
        return reason;
    }
}
