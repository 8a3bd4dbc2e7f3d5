package org.calypsohsm.gateway.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The frames that wait to be sent on one connection. While a message is on its way, those that come are gathered for the next
 * one. Safe for many threads.
 */
public final class FrameQueue {

    /** Sends messages, one at a time. */
    @FunctionalInterface
    public interface Sender {

        /**
         * Begins to send a message; {@link FrameQueue#sent()} must follow.
         *
         * @param message the message; not changed until then
         */
        void send(ByteBuffer message);
    }

    private static final int FIRST_LENGTH = 512;
    /** A buffer that grew beyond this is not kept. */
    private static final int KEPT_LENGTH = 1 << 16;

    private final Sender sender;
    private final int longest;
    /** Where frames are added. */
    private byte[] filling = new byte[FIRST_LENGTH];
    private int filled;
    /** What leaves: from {@code leaves} to {@code end}. */
    private byte[] leaving = new byte[FIRST_LENGTH];
    private int leaves;
    private int end;
    private boolean sending;
    /** The message left while it was being handed over. */
    private boolean leftAtOnce;
    /** The message did not, so whoever tells that it has left goes on. */
    private boolean onItsWay;
    private long sendingSince;

    /**
     * Makes an empty queue.
     *
     * @param sender  sends the messages
     * @param longest the longest message that the other side takes, in bytes; a single longer frame is sent all the same
     */
    public FrameQueue(Sender sender, int longest) {
        this.sender = sender;
        this.longest = longest;
    }

    /**
     * Sends a frame, soon.
     *
     * @param operation what it means
     * @param request   number of the request
     * @param channel   number of the channel
     * @param payload   its payload; copied
     */
    public void add(Operation operation, int request, long channel, byte[] payload) {
        add(operation, request, channel, payload, false);
    }

    /**
     * Sends a frame, soon or with the next one.
     *
     * @param operation what it means
     * @param request   number of the request
     * @param channel   number of the channel
     * @param payload   its payload; copied
     * @param more      true if another one is sure to follow, so that this one may wait for it
     */
    public void add(Operation operation, int request, long channel, byte[] payload, boolean more) {
        synchronized (this) {
            append(operation, request, channel, payload);
            if (sending || more) {
                return;
            }
            sending = true;
        }
        sendAll();
    }

    private void append(Operation operation, int request, long channel, byte[] payload) {
        int length = Frame.HEADER + payload.length;
        if (filled + length > filling.length) {
            filling = Arrays.copyOf(filling, Math.max(filled + length, 2 * filling.length));
        }
        ByteBuffer.wrap(filling, filled, length).put((byte) Frame.VERSION).put((byte) operation.code()).putInt(request)
                .putLong(channel).putInt(payload.length).put(payload);
        filled += length;
    }

    /** A loop, not a recursion: messages often leave at once. */
    private void sendAll() {
        while (true) {
            ByteBuffer message;
            synchronized (this) {
                message = take();
                if (message == null) {
                    sending = false;
                    return;
                }
            }
            sender.send(message);
            synchronized (this) {
                if (!leftAtOnce) {
                    onItsWay = true;
                    return;
                }
                leftAtOnce = false;
            }
        }
    }

    /** @return the next message, of whole frames; null if there is none */
    private ByteBuffer take() {
        if (leaves == end) {
            if (filled == 0) {
                return null;
            }
            byte[] empty = leaving.length > KEPT_LENGTH ? new byte[FIRST_LENGTH] : leaving;
            leaving = filling;
            filling = empty;
            leaves = 0;
            end = filled;
            filled = 0;
        }
        int start = leaves;
        do {
            leaves += length(leaves);
        } while (leaves < end && leaves + length(leaves) - start <= longest);
        sendingSince = System.nanoTime();
        return ByteBuffer.wrap(leaving, start, leaves - start);
    }

    private int length(int frame) {
        return Frame.HEADER + ByteBuffer.wrap(leaving).getInt(frame + Frame.HEADER - Integer.BYTES);
    }

    /** Tells that the message has left; the next one follows. */
    public void sent() {
        synchronized (this) {
            if (!onItsWay) {
                leftAtOnce = true;
                return;
            }
            onItsWay = false;
        }
        sendAll();
    }

    /** @return how many bytes wait or are on their way */
    public synchronized int waiting() {
        return filled + end - leaves;
    }

    /** @return for how long the message on its way has been so, in nanoseconds; 0 if there is none */
    public synchronized long stuckNanos() {
        return sending ? Math.max(1, System.nanoTime() - sendingSince) : 0;
    }
}
