package org.calypsohsm.cardlink;

/** What a frame is. Its place in this list is its number on the wire, so new ones go to the end. */
public enum Operation {
    /** The container begins; the first frame of a connection. */
    HELLO,
    /** The card says what it is and how it is. */
    WELCOME,
    /** The container asks whether the card is there. */
    PING,
    /** The card says how it is: an answer to PING, or of its own accord with the request 0. */
    STATUS,
    /** The container opens a channel, as after a reset or where another one stopped. */
    OPEN,
    /** The container sends a command APDU on a channel. */
    EXCHANGE,
    /** The container gives a channel back. */
    CLOSE,
    /** The container has the card test itself. */
    SELF_TEST,
    /** The answer to a request that was done. */
    DONE,
    /** The answer to a request that could not be done: a reason and a sentence. */
    FAULT;

    private static final Operation[] ALL = values();

    /**
     * Finds an operation.
     *
     * @param number its number on the wire
     * @return the operation
     * @throws ProtocolException if there is none
     */
    static Operation of(int number) throws ProtocolException {
        if (number < 0 || number >= ALL.length) {
            throw new ProtocolException("there is no operation " + number);
        }
        return ALL[number];
    }
}
