package org.calypsohsm.cardserver;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.cardlink.Frame;
import org.calypsohsm.cardlink.Link;
import org.calypsohsm.cardlink.Operation;
import org.calypsohsm.cardlink.Payload;
import org.calypsohsm.cardlink.ProtocolException;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.SecurityModule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection of a container, with its channels, which end with it. */
final class ServedLink implements Link.Handler {

    private static final Logger LOG = LoggerFactory.getLogger(ServedLink.class);
    /** A container asks one thing at a time on each channel, so this is more than it ever needs. */
    private static final int MOST_REQUESTS = 20_000;

    private final CardServer server;
    private final SecurityModule module;
    private final Executor workers;
    private final Map<Integer, ServedChannel> channels = new ConcurrentHashMap<>();
    private final AtomicInteger outstanding = new AtomicInteger();
    private final long since = System.nanoTime();
    private volatile Link link;
    private volatile boolean welcome;

    ServedLink(CardServer server, SecurityModule module, Executor workers) {
        this.server = server;
        this.module = module;
        this.workers = workers;
    }

    SecurityModule module() {
        return module;
    }

    /** Tells the state of its own accord. */
    void tell(Payload status) {
        if (welcome) {
            link.send(Operation.STATUS, 0, 0, status);
        }
    }

    /** Ends a connection that has not said by a time, by {@link System#nanoTime()}, who it is. */
    void expire(long before) {
        Link unknown = link;
        if (unknown != null && !welcome && since - before < 0) {
            unknown.close("it does not say who it is");
        }
    }

    /** Begins; before anything is received. */
    void begin(Link made) {
        link = made;
    }

    @Override
    public void frame(Link from, Frame frame) throws ProtocolException {
        if (!welcome) {
            welcome(from, frame);
            return;
        }
        if (frame.operation() == Operation.PING) {
            from.send(Operation.STATUS, frame.request(), 0, server.status());
            return;
        }
        if (outstanding.incrementAndGet() > MOST_REQUESTS) {
            throw new ProtocolException("it asks more than " + MOST_REQUESTS + " things at once");
        }
        switch (frame.operation()) {
            case OPEN -> {
                ServedChannel channel = new ServedChannel(this, workers);
                if (channels.putIfAbsent(frame.channel(), channel) != null) {
                    throw new ProtocolException("channel " + frame.channel() + " is open already");
                }
                channel.then(() -> channel.open(frame));
                if (from.closedFor() != null) {
                    // On another thread, which may have ended the channels before this one was there.
                    channel.then(channel::end);
                }
            }
            case EXCHANGE -> {
                ServedChannel channel = channels.get(frame.channel());
                if (channel == null) {
                    // It could not be opened, and the command was on its way already.
                    send(Operation.FAULT, frame, Payload.empty().putFault(new ModuleException(ModuleException.Reason.FAILED,
                            "Channel " + frame.channel() + " is not open.")));
                } else {
                    channel.then(() -> channel.exchange(frame));
                }
            }
            case CLOSE -> {
                ServedChannel channel = channels.remove(frame.channel());
                if (channel == null) {
                    send(Operation.DONE, frame, Payload.empty());
                } else {
                    channel.then(() -> channel.close(frame));
                }
            }
            case SELF_TEST -> server.selfTest(status -> send(Operation.DONE, frame, status));
            default -> throw new ProtocolException(frame.operation() + " is nothing that a container sends");
        }
    }

    private void welcome(Link from, Frame frame) throws ProtocolException {
        if (frame.operation() != Operation.HELLO) {
            throw new ProtocolException("it does not begin as a container does");
        }
        frame.payload().checkHello();
        from.know();
        from.send(Operation.WELCOME, frame.request(), 0, Payload.empty().putInfo(module.info())
                .putStatus(module.status(), module.keyGroups()));
        welcome = true;
        LOG.info("A container is connected to module {}.", module.info().name());
    }

    void send(Operation operation, Frame request, Payload answer) {
        outstanding.decrementAndGet();
        link.send(operation, request.request(), request.channel(), answer);
        if (operation == Operation.FAULT && request.operation() == Operation.OPEN) {
            channels.remove(request.channel());
        }
    }

    void close(String reason) {
        link.close(reason);
    }

    @Override
    public void closed(Link from, String reason) {
        server.gone(this);
        LOG.info("A connection to module {} ends: {}. {} channels end with it.", module.info().name(), reason, channels.size());
        channels.values().forEach(channel -> channel.then(channel::end));
        channels.clear();
    }
}
