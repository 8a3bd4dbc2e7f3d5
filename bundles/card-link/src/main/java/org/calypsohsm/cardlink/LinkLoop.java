package org.calypsohsm.cardlink;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that receives for all connections of a side. Channels are not blocking: an interrupt of a thread that
 * sends on a blocking one would close the connection of all.
 */
public final class LinkLoop implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LinkLoop.class);
    private static final long JOIN_MILLIS = 5000;

    private final Selector selector;
    private final Thread thread;
    private final Runnable tick;
    private final long tickMillis;
    private volatile boolean stopped;

    /**
     * Makes a loop; {@link #start()} starts it.
     *
     * @param name       name of its thread
     * @param tickMillis how often it looks at the time
     * @param tick       what it does then, on its thread, after it has taken what was received
     * @throws IOException if the system gives no selector
     */
    public LinkLoop(String name, long tickMillis, Runnable tick) throws IOException {
        selector = Selector.open();
        this.tick = tick;
        this.tickMillis = tickMillis;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    /**
     * Makes a link of a channel that is connected.
     *
     * @param channel the channel
     * @param handler what is done with what is received
     * @return the link
     * @throws IOException if the channel broke
     */
    public Link add(SocketChannel channel, Link.Handler handler) throws IOException {
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, 0);
        Link link = new Link(this, channel, key, handler);
        key.attach((Consumer<SelectionKey>) link::ready);
        want(key, SelectionKey.OP_READ, true);
        return link;
    }

    /**
     * Takes connections.
     *
     * @param server where they come
     * @param taken  gets each one, on the thread of the loop
     * @throws IOException if the channel broke
     */
    public void accept(ServerSocketChannel server, Consumer<SocketChannel> taken) throws IOException {
        server.configureBlocking(false);
        Consumer<SelectionKey> ready = key -> {
            try {
                SocketChannel channel = server.accept();
                if (channel != null) {
                    taken.accept(channel);
                }
            } catch (ClosedChannelException e) {
                // It is over.
            } catch (IOException e) {
                LOG.warn("A connection could not be taken: {}.", e.getMessage());
            }
        };
        server.register(selector, 0, ready);
        want(server.keyFor(selector), SelectionKey.OP_ACCEPT, true);
    }

    void want(SelectionKey key, int operation, boolean wanted) {
        try {
            if (wanted) {
                key.interestOpsOr(operation);
            } else {
                key.interestOpsAnd(~operation);
            }
            if (wanted && Thread.currentThread() != thread) {
                selector.wakeup();
            }
        } catch (CancelledKeyException e) {
            // It was closed meanwhile.
        }
    }

    /**
     * Closes a channel so that the other side notices at once.
     *
     * @param channel the channel
     */
    public void close(Closeable channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("A connection does not close: {}", e.getMessage());
        }
        // The other side notices no sooner than the selector does.
        selector.wakeup();
    }

    private void run() {
        while (!stopped) {
            try {
                selector.select(LinkLoop::ready, tickMillis);
                tick.run();
            } catch (IOException | RuntimeException | Error e) {
                LOG.error("The thread {} goes on after a fault.", thread.getName(), e);
            }
        }
        selector.keys().forEach(key -> close(key.channel()));
        try {
            selector.close();
        } catch (IOException e) {
            LOG.debug("The selector does not close: {}", e.getMessage());
        }
    }

    private static void ready(SelectionKey key) {
        @SuppressWarnings("unchecked") // attached above
        Consumer<SelectionKey> handler = (Consumer<SelectionKey>) key.attachment();
        try {
            handler.accept(key);
        } catch (CancelledKeyException e) {
            // It was closed meanwhile.
        }
    }

    /** Stops the thread, and closes what is still connected without telling anybody. */
    @Override
    public void close() {
        stopped = true;
        selector.wakeup();
        if (Thread.currentThread() == thread) {
            return;
        }
        boolean interrupted = false;
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
