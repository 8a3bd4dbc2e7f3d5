package org.calypsohsm.cardlink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicReference;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. Any thread may send: it writes itself, as far as the other side takes it, and the loop writes the rest.
 * Frames are received on the thread of the loop.
 */
public final class Link {

    /** What is done with what is received. */
    public interface Handler {

        /**
         * Takes a frame. Runs on the thread of the loop, so it must not wait.
         *
         * @param link  where it came from
         * @param frame the frame
         * @throws ProtocolException if it makes no sense; the link is then closed
         */
        void frame(Link link, Frame frame) throws ProtocolException;

        /**
         * Takes notice of the end, once; on any thread.
         *
         * @param link   the link
         * @param reason why, as part of a sentence
         */
        void closed(Link link, String reason);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Link.class);
    private static final int SMALL = 8 * 1024;
    /** Whoever reads so little of what he is sent is not served any more, so that he does not fill the memory. */
    private static final int MOST_UNSENT = 8 * 1024 * 1024;

    private final LinkLoop loop;
    private final SocketChannel channel;
    private final Handler handler;
    private final SelectionKey key;
    private final AtomicReference<String> closed = new AtomicReference<>();
    private volatile int longest = Frame.LONGEST_FIRST;
    private volatile long received = System.nanoTime();

    /** Only for the thread of the loop. */
    private ByteBuffer in = ByteBuffer.allocate(SMALL);

    private final Object writing = new Object();
    // Guarded by it.
    private ByteBuffer out = ByteBuffer.allocate(SMALL);
    private boolean blocked;

    Link(LinkLoop loop, SocketChannel channel, SelectionKey key, Handler handler) {
        this.loop = loop;
        this.channel = channel;
        this.key = key;
        this.handler = handler;
    }

    /** Lets the other side send frames of the full length, once it is known. */
    public void know() {
        longest = Frame.LONGEST;
    }

    /** @return when something was received last, by {@link System#nanoTime()}; at first when the link was made */
    public long received() {
        return received;
    }

    /** @return why it is closed, as part of a sentence; null while it is open */
    public String closedFor() {
        return closed.get();
    }

    /**
     * Sends a frame. Does not wait.
     *
     * @param operation what it is
     * @param request   number of the request
     * @param number    number of the channel; 0 for none
     * @param payload   what is in it
     * @return false if the link is closed
     */
    public boolean send(Operation operation, int request, int number, Payload payload) {
        String fault;
        synchronized (writing) {
            if (closed.get() != null) {
                return false;
            }
            ByteBuffer content = payload.written();
            int length = Frame.HEADER + content.remaining();
            fault = room(Frame.LENGTH + length);
            if (fault == null) {
                out.putInt(length).put((byte) Frame.VERSION).put((byte) operation.ordinal()).putInt(request).putInt(number).put(content);
                fault = blocked ? null : write();
            }
        }
        if (fault != null) {
            close(fault);
        }
        return fault == null;
    }

    private String room(int more) {
        if (out.remaining() < more) {
            if (out.position() + more > MOST_UNSENT) {
                return "the other side does not read what it is sent";
            }
            out = ByteBuffer.allocate(Math.max(2 * out.capacity(), out.position() + more)).put(out.flip());
        }
        return null;
    }

    /** Writes as much as the other side takes. */
    private String write() {
        out.flip();
        try {
            channel.write(out);
        } catch (IOException e) {
            return "it broke: " + e.getMessage();
        }
        out.compact();
        boolean before = blocked;
        blocked = out.position() > 0;
        if (blocked != before) {
            loop.want(key, SelectionKey.OP_WRITE, blocked);
        }
        if (!blocked && out.capacity() > 16 * SMALL) {
            out = ByteBuffer.allocate(SMALL);
        }
        return null;
    }

    /** Does what can be done; on the thread of the loop. */
    void ready(SelectionKey ready) {
        String fault = null;
        if (ready.isWritable()) {
            synchronized (writing) {
                fault = closed.get() == null ? write() : null;
            }
        }
        if (fault == null && ready.isReadable()) {
            try {
                fault = read();
            } catch (RuntimeException | Error e) {
                LOG.error("A frame could not be handled.", e);
                fault = "a frame could not be handled: " + e;
            }
        }
        if (fault != null) {
            close(fault);
        }
    }

    private String read() {
        try {
            int count = channel.read(in);
            if (count < 0) {
                return "the other side closed it";
            }
            received = System.nanoTime();
            in.flip();
            takeFrames();
            in.compact();
            return null;
        } catch (IOException e) {
            return "it broke: " + e.getMessage();
        } catch (ProtocolException e) {
            return "the other side breaks the rules: " + e.getMessage();
        }
    }

    private void takeFrames() throws ProtocolException {
        while (in.remaining() >= Frame.LENGTH && closed.get() == null) {
            int length = in.getInt(in.position());
            if (length < Frame.HEADER || length > Frame.HEADER + longest) {
                throw new ProtocolException("there is no frame of " + Integer.toUnsignedString(length) + " bytes");
            }
            if (in.remaining() < Frame.LENGTH + length) {
                grow(Frame.LENGTH + length);
                return;
            }
            in.getInt();
            int version = in.get();
            if (version != Frame.VERSION) {
                throw new ProtocolException("it speaks version " + (version & 0xFF) + " of the protocol, and this side version "
                        + Frame.VERSION);
            }
            Operation operation = Operation.of(in.get());
            int request = in.getInt();
            int number = in.getInt();
            byte[] content = new byte[length - Frame.HEADER];
            in.get(content);
            handler.frame(this, new Frame(operation, request, number, Payload.received(content)));
        }
        if (!in.hasRemaining() && in.capacity() > SMALL) {
            in = ByteBuffer.allocate(SMALL).flip();
        }
    }

    /** Makes room for a long frame as it comes, so that nobody reserves memory by announcing one. */
    private void grow(int needed) {
        if (in.capacity() < needed && in.remaining() == in.capacity()) {
            in = ByteBuffer.allocate(Math.min(needed, 2 * in.capacity())).put(in).flip();
        }
    }

    /**
     * Closes the link, unless it is closed already.
     *
     * @param reason why, as part of a sentence
     */
    public void close(String reason) {
        if (!closed.compareAndSet(null, reason)) {
            return;
        }
        loop.close(channel);
        handler.closed(this, reason);
    }
}
