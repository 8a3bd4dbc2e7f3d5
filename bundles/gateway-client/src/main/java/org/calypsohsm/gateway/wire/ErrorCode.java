package org.calypsohsm.gateway.wire;

/** What went wrong with a request. */
public enum ErrorCode {
    /** The channel is closed, or was never open on this connection. */
    CLOSED(1),
    /** The lease of the channel ran out. */
    EXPIRED(2),
    /** The session in progress was lost with its module. */
    LOST(3),
    /** No module can serve the channel at the moment; it stays open. */
    MODULE_UNAVAILABLE(4),
    /** No channel is free. */
    NO_CHANNEL_FREE(5),
    /** No module has the key group. */
    UNKNOWN_KEY_GROUP(6),
    /** The client exceeds its rate limit; the channel stays open. */
    RATE_LIMITED(7),
    /** The client may not use the key group. */
    NOT_PERMITTED(8),
    /** The payload is wrong; the reason says what. */
    MALFORMED(9),
    /** The gateway failed; its log says why. */
    FAILED(10);

    private final int code;

    ErrorCode(int code) {
        this.code = code;
    }

    /** @return its byte in a frame */
    public int code() {
        return code;
    }

    /**
     * Finds a code.
     *
     * @param code its byte in a frame
     * @return what it means; FAILED for one that a later version may have
     */
    public static ErrorCode of(int code) {
        for (ErrorCode one : values()) {
            if (one.code == code) {
                return one;
            }
        }
        return FAILED;
    }
}
