package org.calypsohsm.itest.kit.fault;

import java.io.IOException;

/** The card has left the field: what a terminal sees of tearing. */
public final class CardRemovedException extends IOException {

    private static final long serialVersionUID = 1L;

    CardRemovedException(String message) {
        super(message);
    }
}
