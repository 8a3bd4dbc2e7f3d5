package org.calypsohsm.gateway.wire;

/** What came is no frame; the message says why, in one sentence. Nothing after it can be understood. */
public final class FrameException extends Exception {

    private static final long serialVersionUID = 1L;

    FrameException(String message) {
        super(message);
    }
}
