package org.calypsohsm.trusting;

/** A jar that is not trusted. The message goes on a sentence that names the jar, as in {@code "is not signed: sign it ..."}. */
final class RefusedException extends Exception {

    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }

    RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
