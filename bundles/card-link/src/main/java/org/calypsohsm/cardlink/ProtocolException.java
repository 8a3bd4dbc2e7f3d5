package org.calypsohsm.cardlink;

/** The other side sent what it must not send; the message says what, without an end, and holds none of its bytes. */
public final class ProtocolException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, as part of a sentence
     */
    public ProtocolException(String message) {
        super(message);
    }
}
