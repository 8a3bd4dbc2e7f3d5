package org.calypsohsm.keystore;

/** The key store cannot do its work; the message says why, in one sentence, and never a key byte. */
public final class KeyStoreException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    private final String reason;

    /**
     * Makes the exception.
     *
     * @param reason why, in one sentence without the name of the store
     * @param cause  what caused it; null if nothing did
     */
    public KeyStoreException(String reason, Throwable cause) {
        super("Key store: " + reason, cause);
        this.reason = reason;
    }

    /** @return why, in one sentence without the name of the store */
    public String reason() {
        return reason;
    }
}
