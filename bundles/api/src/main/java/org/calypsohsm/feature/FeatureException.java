package org.calypsohsm.feature;

import java.util.Objects;

/** A change was refused, failed or was cancelled; what was installed before is still there. The message says why and what to do. */
public class FeatureException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** There is no such feature, or several. */
        UNKNOWN_FEATURE,
        /** The feature is installed already, or in its newest version. */
        NOTHING_TO_DO,
        /** Another change is in progress. */
        BUSY,
        /** A file cannot be read, is missing, or is not what it should be. */
        BAD_FEATURE,
        /** A jar is not the one that the feature or the index means. */
        WRONG_DIGEST,
        /** A jar is not signed by a trusted certificate. */
        NOT_TRUSTED,
        /** A bundle does not resolve or start, or its services did not come up in time. */
        NOT_READY,
        /** A module or a plugin failed its self test. */
        SELF_TEST,
        /** Somebody cancelled the change. */
        CANCELLED,
        /** The audit log did not record the order, so it was not carried out. */
        NOT_RECORDED
    }

    private final Reason reason;

    /**
     * Makes the exception.
     *
     * @param reason  why
     * @param message one sentence that names the feature or the jar, and says what to do
     */
    public FeatureException(Reason reason, String message) {
        this(reason, message, null);
    }

    /**
     * Makes the exception, with what caused it.
     *
     * @param reason  why
     * @param message one sentence that names the feature or the jar, and says what to do
     * @param cause   what caused it; null if nothing did
     */
    public FeatureException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /** @return why */
    public Reason reason() {
        return reason;
    }
}
