package org.calypsohsm.keystore;

/** The key store cannot do its work; the message says why, in one sentence, and never a key byte. */
final class KeyStoreException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    KeyStoreException(String reason, Throwable cause) {
        super("Key store: " + reason, cause);
    }
}
