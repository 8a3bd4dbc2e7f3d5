package org.calypsohsm.gateway.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A frame that was read.
 *
 * @param operation what it means; null if it is none that is known
 * @param request   number of the request
 * @param channel   number of the channel, 0 if there is none
 * @param payload   its payload, not copied
 */
public record Frame(Operation operation, int request, long channel, byte[] payload) {

    /** Version of the format. */
    public static final int VERSION = 1;
    /** Length of what is before the payload, in bytes. */
    public static final int HEADER = 18;
    /** Length of the answer to reset, in bytes (sam-s1-apdu.md section 1.1). */
    public static final int ATR = 19;
    /** Length of the payload of OPEN, in bytes. */
    public static final int OPEN_LENGTH = 4 + 8 + 8;

    /**
     * Reads the next frame of a message.
     *
     * @param message the message; moved behind the frame
     * @return the frame, or null at the end of the message
     * @throws FrameException if the message holds no frame there
     */
    public static Frame read(ByteBuffer message) throws FrameException {
        if (!message.hasRemaining()) {
            return null;
        }
        if (message.remaining() < HEADER) {
            throw new FrameException("A frame has at least " + HEADER + " bytes, not " + message.remaining() + ".");
        }
        int version = message.get() & 0xFF;
        if (version != VERSION) {
            throw new FrameException("A frame is of version " + VERSION + ", not " + version + ".");
        }
        Operation operation = Operation.of(message.get());
        int request = message.getInt();
        long channel = message.getLong();
        int length = message.getInt();
        if (length < 0 || length > message.remaining()) {
            throw new FrameException("The payload of a frame is as long as it says: " + message.remaining() + " bytes are there.");
        }
        byte[] payload = new byte[length];
        message.get(payload);
        return new Frame(operation, request, channel, payload);
    }

    /**
     * Takes a payload apart that holds several APDUs.
     *
     * @return the APDUs, in order
     * @throws FrameException if a length does not fit
     */
    public List<byte[]> apdus() throws FrameException {
        List<byte[]> apdus = new ArrayList<>();
        ByteBuffer rest = ByteBuffer.wrap(payload);
        while (rest.hasRemaining()) {
            int length = rest.remaining() < Integer.BYTES ? -1 : rest.getInt();
            if (length < 0 || length > rest.remaining()) {
                throw new FrameException("The lengths of the APDUs do not fit the payload.");
            }
            byte[] apdu = new byte[length];
            rest.get(apdu);
            apdus.add(apdu);
        }
        return apdus;
    }

    /**
     * Puts several APDUs into one payload.
     *
     * @param apdus the APDUs, in order
     * @return the payload
     */
    public static byte[] payload(List<byte[]> apdus) {
        ByteBuffer payload = ByteBuffer.allocate(apdus.stream().mapToInt(apdu -> Integer.BYTES + apdu.length).sum());
        apdus.forEach(apdu -> payload.putInt(apdu.length).put(apdu));
        return payload.array();
    }

    /**
     * Makes the payload of an error.
     *
     * @param code   what went wrong
     * @param module name of the module, or null if there is none
     * @param reason why and what to do, in one sentence
     * @return the payload
     */
    public static byte[] error(ErrorCode code, String module, String reason) {
        byte[] name = module == null ? new byte[0] : module.getBytes(StandardCharsets.UTF_8);
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + Short.BYTES + name.length + text.length).put((byte) code.code())
                .putShort((short) name.length).put(name).put(text).array();
    }

    /** Tells what it is, without the payload. */
    @Override
    public String toString() {
        return operation + " " + request + " of channel " + channel + ", " + payload.length + " bytes";
    }
}
