package org.calypsohsm.demo;

/** The demo cannot go on; the message says what to do, in one sentence. */
final class DemoException extends Exception {

    private static final long serialVersionUID = 1L;

    DemoException(String message) {
        super(message);
    }
}
