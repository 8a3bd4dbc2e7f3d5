package org.calypsohsm.libs3.supply;

/** There is no channel manager; the message says why in one sentence. */
public final class SupplyException extends Exception {

    private static final long serialVersionUID = 1L;

    SupplyException(String message, Throwable cause) {
        super(message, cause);
    }
}
