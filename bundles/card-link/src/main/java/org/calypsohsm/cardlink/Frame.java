package org.calypsohsm.cardlink;

/**
 * One frame as it was received. On the wire: length of what follows (4 bytes), version (1), operation (1), request (4),
 * channel (4), payload.
 *
 * @param operation what it is
 * @param request   number that the container gave the request, and its answer has too
 * @param channel   number that the container gave the channel; 0 if it is about none
 * @param payload   what is in it
 */
public record Frame(Operation operation, int request, int channel, Payload payload) {

    /** Version of the protocol; both sides must have the same. */
    public static final int VERSION = 1;

    /** Bytes of the length. */
    static final int LENGTH = 4;
    /** Bytes between length and payload. */
    static final int HEADER = 10;
    /** Longest payload: more than any command APDU has, since what is too long gets its status word from the virtual SAM. */
    public static final int LONGEST = 128 * 1024;
    /** Longest payload of the first frame: nobody makes us keep more before we know him. */
    static final int LONGEST_FIRST = 1024;
}
