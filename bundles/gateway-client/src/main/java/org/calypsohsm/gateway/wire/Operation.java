package org.calypsohsm.gateway.wire;

/** What a frame means. Numbers in payloads have the highest byte first; texts are UTF-8. */
public enum Operation {
    /** Opens a channel. Payload: key group (4 bytes), deadline in ms (8), lease in ms (8; 0 or less for the longest). */
    OPEN(0x01),
    /** Exchanges an APDU on a channel. Payload: the command APDU. */
    EXCHANGE(0x02),
    /** Closes a channel, after the exchanges before it. No payload. */
    CLOSE(0x03),
    /** Exchanges several APDUs, up to the first that is not carried out. Payload: for each its length (4 bytes), and the command APDU. */
    EXCHANGE_ALL(0x04),
    /** Answer to OPEN, with the number of the channel. Payload: the answer to reset (19 bytes), and the name of the module. */
    OPENED(0x81),
    /** Answer to EXCHANGE. Payload: the response APDU. */
    EXCHANGED(0x82),
    /** Answer to CLOSE. No payload. */
    CLOSED(0x83),
    /** Answer to EXCHANGE_ALL. Payload: for each response its length (4 bytes), and the response APDU. */
    EXCHANGED_ALL(0x84),
    /** Comes before the next answer of a channel that has moved; request 0. Payload: the name of the module that serves it now. */
    MOVED(0x90),
    /** Answer to any request. Payload: {@link ErrorCode} (1 byte), length of the module's name (2), its name, and the reason. */
    ERROR(0xFF);

    private static final Operation[] BY_CODE = new Operation[0x100];

    static {
        for (Operation operation : values()) {
            BY_CODE[operation.code] = operation;
        }
    }

    private final int code;

    Operation(int code) {
        this.code = code;
    }

    /** @return its byte in a frame, 0..FF */
    public int code() {
        return code;
    }

    /**
     * Finds an operation.
     *
     * @param code its byte in a frame
     * @return the operation, or null if there is none
     */
    public static Operation of(int code) {
        return BY_CODE[code & 0xFF];
    }
}
