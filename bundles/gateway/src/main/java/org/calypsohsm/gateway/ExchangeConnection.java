package org.calypsohsm.gateway;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.gateway.wire.ErrorCode;
import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.FrameException;
import org.calypsohsm.gateway.wire.FrameQueue;
import org.calypsohsm.gateway.wire.Operation;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of one client with its channels. No thread waits for an exchange; while too many requests are without an answer,
 * or too many answers are not taken, nothing more is read. Public since Jetty calls it by reflection.
 */
public final class ExchangeConnection implements Session.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(ExchangeConnection.class);
    private static final byte[] NOTHING = {};
    /** Answers that may wait for the client to take them, in bytes. */
    private static final int MOST_WAITING = 1 << 20;

    /** A channel of this connection. Only the thread that reads touches what is not final, but for the module. */
    private static final class Served {

        final Channel channel;
        /** The module that the client knows. */
        volatile String told;
        /** The last exchange. */
        CompletionStage<?> last = CompletableFuture.completedFuture(null);
        /** Requests without an answer: the answers to those that came together leave together. */
        final AtomicInteger waiting = new AtomicInteger();
        /** The last exchange is one of several parts, or waits for one: the next one must wait for it. */
        boolean chained;

        Served(Channel channel, String told) {
            this.channel = channel;
            this.told = told;
        }

        boolean mustWait() {
            return chained && !last.toCompletableFuture().isDone();
        }
    }

    private final ClientAccount account;
    private final ChannelManager manager;
    private final Set<ExchangeConnection> all;
    private final long longestLeaseMillis;
    private final int mostOutstanding;
    private final Map<Long, Served> channels = new ConcurrentHashMap<>();
    private final Set<CompletableFuture<Channel>> opening = ConcurrentHashMap.newKeySet();
    private final FrameQueue queue = new FrameQueue(this::send, ExchangeServlet.LONGEST_MESSAGE);
    private final Callback sent = Callback.from(this::sent, this::notSent);
    private final AtomicInteger outstanding = new AtomicInteger();
    private final AtomicBoolean paused = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile long heard = System.nanoTime();
    private volatile Session session;

    ExchangeConnection(ClientAccount account, ChannelManager manager, Gateway.Config config, Set<ExchangeConnection> all) {
        this.account = account;
        this.manager = manager;
        this.all = all;
        longestLeaseMillis = config.longestLeaseMillis();
        mostOutstanding = config.outstandingRequests();
    }

    // ---- reading

    @Override
    public void onWebSocketOpen(Session opened) {
        session = opened;
        all.add(this);
        LOG.debug("Client {} connects from {}.", account.name(), opened.getRemoteSocketAddress());
        opened.demand();
    }

    @Override
    public void onWebSocketBinary(ByteBuffer message, Callback callback) {
        heard = System.nanoTime();
        try {
            Frame frame = Frame.read(message);
            while (frame != null) {
                take(frame);
                frame = Frame.read(message);
            }
            callback.succeed();
            demand();
        } catch (FrameException e) {
            callback.succeed();
            refuse(StatusCode.BAD_PAYLOAD, e.getMessage());
        }
    }

    @Override
    public void onWebSocketText(String message) {
        refuse(StatusCode.POLICY_VIOLATION, "Only binary messages are taken.");
    }

    private void refuse(int code, String reason) {
        LOG.warn("The connection of client {} is ended: {}", account.name(), reason);
        session.close(code, reason, Callback.from(() -> { }, fault -> session.disconnect()));
        end();
    }

    @Override
    public void onWebSocketPong(ByteBuffer payload) {
        heard = System.nanoTime();
        session.demand();
    }

    /** Asks for the next message, now or when there is room for it. */
    private void demand() {
        if (hasRoom()) {
            session.demand();
            return;
        }
        paused.set(true);
        resume();
    }

    private boolean hasRoom() {
        return outstanding.get() < mostOutstanding && queue.waiting() < MOST_WAITING;
    }

    private void resume() {
        if (paused.get() && hasRoom() && paused.compareAndSet(true, false) && !ended.get()) {
            // What the client sent meanwhile is still to be read.
            heard = System.nanoTime();
            session.demand();
        }
    }

    // ---- requests

    private void take(Frame frame) {
        if (frame.operation() == null) {
            malformed(frame, "there is no such operation.");
            return;
        }
        switch (frame.operation()) {
            case OPEN -> open(frame);
            case EXCHANGE -> exchange(frame);
            case EXCHANGE_ALL -> exchangeAll(frame);
            case CLOSE -> close(frame);
            default -> malformed(frame, frame.operation() + " is an answer, not a request.");
        }
    }

    private void malformed(Frame frame, String reason) {
        error(frame.request(), frame.channel(), ErrorCode.MALFORMED, null, "the request is wrong: " + reason);
    }

    private void open(Frame frame) {
        if (frame.payload().length != Frame.OPEN_LENGTH) {
            malformed(frame, "OPEN has " + Frame.OPEN_LENGTH + " bytes, not " + frame.payload().length + ".");
            return;
        }
        ByteBuffer payload = ByteBuffer.wrap(frame.payload());
        int group = payload.getInt();
        long deadline = payload.getLong();
        long lease = payload.getLong();
        if (group < 0 || deadline < 0) {
            malformed(frame, "key group and deadline are not negative.");
        } else if (!account.keyGroups().contains(group)) {
            error(frame.request(), 0, ErrorCode.NOT_PERMITTED, null, "client " + account.name() + " may not use key group " + group + ".");
        } else if (!account.takeChannel()) {
            error(frame.request(), 0, ErrorCode.NO_CHANNEL_FREE, null, account.channelLimit() + "; close one.");
        } else {
            Duration granted = Duration.ofMillis(lease <= 0 ? longestLeaseMillis : Math.min(lease, longestLeaseMillis));
            begin(frame.request(), new ChannelRequest(group, Duration.ofMillis(deadline), granted));
        }
    }

    private void begin(int request, ChannelRequest wanted) {
        outstanding.incrementAndGet();
        CompletableFuture<Channel> opened = manager.openAsync(wanted).toCompletableFuture();
        opening.add(opened);
        opened.whenComplete((channel, fault) -> {
            opening.remove(opened);
            if (fault == null) {
                opened(request, channel);
            } else {
                account.giveChannel();
                fault(request, 0, fault);
            }
            answered();
        });
        if (ended.get()) {
            opened.cancel(false);
        }
    }

    private void opened(int request, Channel channel) {
        String module = channel.module();
        Served served = new Served(channel, module);
        channels.put(channel.id(), served);
        if (ended.get() && channels.remove(channel.id(), served)) {
            release(served);
            return;
        }
        byte[] name = module.getBytes(StandardCharsets.UTF_8);
        queue.add(Operation.OPENED, request, channel.id(),
                ByteBuffer.allocate(Frame.ATR + name.length).put(channel.atr()).put(name).array());
    }

    /** @return the channel; null if the client was told that there is none, or that it may not exchange now */
    private Served served(Frame frame, int exchanges) {
        Served served = channels.get(frame.channel());
        if (served == null) {
            error(frame.request(), frame.channel(), ErrorCode.CLOSED, null, "it is not open on this connection; open a new channel.");
        } else if (!account.mayExchange(exchanges)) {
            error(frame.request(), frame.channel(), ErrorCode.RATE_LIMITED, served.told, account.exchangeLimit()
                    + "; the channel stays open, try again.");
            return null;
        }
        return served;
    }

    private void exchange(Frame frame) {
        Served served = served(frame, 1);
        if (served == null) {
            return;
        }
        outstanding.incrementAndGet();
        served.waiting.incrementAndGet();
        CompletionStage<byte[]> response;
        if (served.mustWait()) {
            response = served.last.handle((done, fault) -> null).thenCompose(done -> served.channel.exchangeAsync(frame.payload()));
        } else {
            response = served.channel.exchangeAsync(frame.payload());
            served.chained = false;
        }
        served.last = response;
        response.whenComplete((apdu, fault) -> answer(frame, served, Operation.EXCHANGED, apdu, fault));
    }

    private void exchangeAll(Frame frame) {
        List<byte[]> commands;
        try {
            commands = frame.apdus();
        } catch (FrameException e) {
            malformed(frame, e.getMessage());
            return;
        }
        Served served = commands.isEmpty() ? null : served(frame, commands.size());
        if (commands.isEmpty()) {
            malformed(frame, "EXCHANGE_ALL holds no APDU.");
        } else if (served != null) {
            outstanding.incrementAndGet();
            served.waiting.incrementAndGet();
            CompletableFuture<List<byte[]>> responses = new CompletableFuture<>();
            served.last.whenComplete((done, fault) -> exchangeFrom(0, served.channel, commands, new ArrayList<>(), responses));
            served.last = responses;
            served.chained = true;
            responses.whenComplete((apdus, fault) -> answer(frame, served, Operation.EXCHANGED_ALL,
                    fault == null ? Frame.payload(apdus) : NOTHING, fault));
        }
    }

    private static void exchangeFrom(int index, Channel channel, List<byte[]> commands, List<byte[]> responses,
            CompletableFuture<List<byte[]>> all) {
        channel.exchangeAsync(commands.get(index)).whenComplete((response, fault) -> {
            if (fault != null) {
                all.completeExceptionally(fault);
                return;
            }
            responses.add(response);
            if (index + 1 == commands.size() || !StatusWord.isSuccessful(StatusWord.of(response))) {
                all.complete(responses);
            } else {
                exchangeFrom(index + 1, channel, commands, responses, all);
            }
        });
    }

    private void close(Frame frame) {
        Served served = channels.remove(frame.channel());
        if (served == null) {
            queue.add(Operation.CLOSED, frame.request(), frame.channel(), NOTHING);
            return;
        }
        outstanding.incrementAndGet();
        release(served).whenComplete((done, fault) -> {
            queue.add(Operation.CLOSED, frame.request(), frame.channel(), NOTHING);
            answered();
        });
    }

    /** Closes a channel that is not served any more, after its last exchange: nobody waits for that. */
    private CompletionStage<?> release(Served served) {
        return served.last.handle((done, fault) -> {
            served.channel.close();
            account.giveChannel();
            return null;
        });
    }

    // ---- answers

    private void answer(Frame frame, Served served, Operation operation, byte[] payload, Throwable fault) {
        boolean more = served.waiting.decrementAndGet() > 0;
        if (fault == null) {
            String module = served.channel.module();
            if (!module.equals(served.told)) {
                served.told = module;
                queue.add(Operation.MOVED, 0, frame.channel(), module.getBytes(StandardCharsets.UTF_8), true);
            }
            queue.add(operation, frame.request(), frame.channel(), payload, more);
        } else {
            fault(frame.request(), frame.channel(), fault);
            if (!served.channel.isOpen() && channels.remove(frame.channel(), served)) {
                account.giveChannel();
            }
        }
        answered();
    }

    private void answered() {
        outstanding.decrementAndGet();
        resume();
    }

    private void fault(int request, long channel, Throwable thrown) {
        Throwable fault = Errors.cause(thrown);
        if (fault instanceof ChannelException known) {
            error(request, channel, Errors.code(known), known.module(), known.reason());
        } else {
            LOG.error("A request of client {} failed.", account.name(), fault);
            error(request, channel, ErrorCode.FAILED, null, "the gateway failed, and its log says why; try again.");
        }
    }

    private void error(int request, long channel, ErrorCode code, String module, String reason) {
        queue.add(Operation.ERROR, request, channel, Frame.error(code, module, reason));
    }

    private void send(ByteBuffer message) {
        session.sendBinary(message, sent);
    }

    private void sent() {
        queue.sent();
        resume();
    }

    private void notSent(Throwable fault) {
        end();
        session.disconnect();
        queue.sent();
    }

    // ---- the end

    /** Looks whether the client is there. */
    void watch(long silentNanos) {
        if (ended.get()) {
            return;
        }
        boolean silent = !paused.get() && System.nanoTime() - heard > silentNanos;
        if (silent || queue.stuckNanos() > silentNanos) {
            LOG.warn("The connection of client {} is ended: nothing was heard of it for {} ms.", account.name(), silentNanos / 1_000_000);
            session.disconnect();
            end();
        } else {
            session.sendPing(ByteBuffer.wrap(NOTHING), Callback.NOOP);
        }
    }

    boolean isOf(ClientAccount one) {
        return account == one;
    }

    /** Ends the connection, since the gateway stops. */
    void stop() {
        session.close(StatusCode.SHUTDOWN, "The gateway stops.", Callback.from(() -> { }, fault -> session.disconnect()));
        end();
    }

    /** Ends the connection, since its client is not configured any more, or in another way. */
    void revoke() {
        refuse(StatusCode.POLICY_VIOLATION, "The configuration of the client has changed.");
    }

    @Override
    public void onWebSocketClose(int statusCode, String reason) {
        end();
    }

    @Override
    public void onWebSocketError(Throwable cause) {
        LOG.debug("The connection of client {} failed: {}", account.name(), cause.toString());
        end();
    }

    /** Gives all channels back. */
    private void end() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        all.remove(this);
        opening.forEach(one -> one.cancel(false));
        channels.keySet().forEach(number -> {
            Served served = channels.remove(number);
            if (served != null) {
                release(served);
            }
        });
    }
}
