package org.calypsohsm.gateway.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.FrameException;
import org.calypsohsm.gateway.wire.FrameQueue;
import org.calypsohsm.gateway.wire.Operation;

/** One WebSocket with the channels that were opened over it; they end with it. */
final class Connection implements WebSocket.Listener {

    private static final byte[] NOTHING = {};
    /** The longest message that a gateway takes. */
    static final int LONGEST_MESSAGE = 1 << 16;
    private static final int FORBIDDEN = 403;
    private static final int TOO_MANY_REQUESTS = 429;

    /** A request that has no answer yet. */
    private record Pending(RemoteChannel channel, CompletableFuture<Frame> answer) {
    }

    private final URI uri;
    private final Map<Integer, Pending> pending = new ConcurrentHashMap<>();
    private final Map<Long, RemoteChannel> channels = new ConcurrentHashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final FrameQueue queue = new FrameQueue(this::send, LONGEST_MESSAGE);
    private final CompletableFuture<Connection> connected = new CompletableFuture<>();
    private volatile WebSocket socket;
    private volatile String ended;
    private volatile long heard = System.nanoTime();
    /** What has come of a message that is not complete; used by one thread at a time. */
    private ByteBuffer partial;

    private Connection(URI uri) {
        this.uri = uri;
    }

    /**
     * Connects.
     *
     * @return the connection, which completes {@link #connected()}
     */
    static Connection to(URI uri, HttpClient client, Duration timeout) {
        Connection connection = new Connection(uri);
        client.newWebSocketBuilder().connectTimeout(timeout).buildAsync(uri, connection).whenComplete((socket, fault) -> {
            if (fault != null) {
                String why = reason(fault);
                connection.end(why);
                connection.connected.completeExceptionally(connection.unreachable());
            }
        });
        return connection;
    }

    private static String reason(Throwable fault) {
        Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
        if (cause instanceof WebSocketHandshakeException refused) {
            int status = refused.getResponse().statusCode();
            return switch (status) {
                case FORBIDDEN -> "it refuses this certificate (403): configure it for a client with the role CLIENT";
                case TOO_MANY_REQUESTS -> "this client makes too many requests (429)";
                default -> "it answered " + status;
            };
        }
        return String.valueOf(cause.getMessage() == null ? cause : cause.getMessage());
    }

    CompletableFuture<Connection> connected() {
        return connected;
    }

    boolean isEnded() {
        return ended != null;
    }

    // ---- requests

    CompletableFuture<Channel> open(ChannelRequest request) {
        byte[] payload = ByteBuffer.allocate(Frame.OPEN_LENGTH).putInt(request.keyGroup()).putLong(millis(request.deadline()))
                .putLong(millis(request.idleTimeout())).array();
        CompletableFuture<Channel> opened = new CompletableFuture<>();
        request(Operation.OPEN, null, payload).whenComplete((answer, fault) -> {
            if (fault != null) {
                opened.completeExceptionally(fault);
                return;
            }
            try {
                byte[] body = answer.payload();
                byte[] atr = new byte[Frame.ATR];
                ByteBuffer.wrap(body).get(atr);
                RemoteChannel channel = new RemoteChannel(this, answer.channel(), request.keyGroup(), atr,
                        new String(body, Frame.ATR, body.length - Frame.ATR, StandardCharsets.UTF_8));
                channels.put(answer.channel(), channel);
                if (ended != null) {
                    channel.ended();
                }
                if (!opened.complete(channel)) {
                    // Cancelled meanwhile.
                    channel.close();
                }
            } catch (RuntimeException e) {
                opened.completeExceptionally(e);
            }
        });
        return opened;
    }

    private static long millis(Duration duration) {
        return duration.compareTo(Duration.ofMillis(Long.MAX_VALUE)) >= 0 ? Long.MAX_VALUE : duration.toMillis();
    }

    CompletableFuture<Frame> request(Operation operation, RemoteChannel channel, byte[] payload) {
        int number = requests.incrementAndGet();
        CompletableFuture<Frame> answer = new CompletableFuture<>();
        pending.put(number, new Pending(channel, answer));
        if (ended == null) {
            queue.add(operation, number, channel == null ? 0 : channel.id(), payload);
        }
        if (ended != null) {
            // Whoever ended the connection may have looked before this request was there.
            fail(number);
        }
        return answer;
    }

    /** Divides commands into parts that fit into a message. */
    List<List<byte[]>> parts(List<byte[]> commands) {
        List<List<byte[]>> parts = new ArrayList<>();
        List<byte[]> part = new ArrayList<>();
        int length = Frame.HEADER;
        for (byte[] command : commands) {
            int more = Integer.BYTES + command.length;
            if (!part.isEmpty() && length + more > LONGEST_MESSAGE) {
                parts.add(part);
                part = new ArrayList<>();
                length = Frame.HEADER;
            }
            part.add(command);
            length += more;
        }
        parts.add(part);
        return parts;
    }

    private void send(ByteBuffer message) {
        socket.sendBinary(message, true).whenComplete((done, fault) -> {
            if (fault != null) {
                end(reason(fault));
            }
            queue.sent();
        });
    }

    // ---- answers

    @Override
    public void onOpen(WebSocket webSocket) {
        socket = webSocket;
        heard = System.nanoTime();
        webSocket.request(1);
        connected.complete(this);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
        heard = System.nanoTime();
        try {
            ByteBuffer message = data;
            if (partial != null || !last) {
                message = join(data);
                partial = last ? null : message;
            }
            if (last) {
                Frame frame = Frame.read(message);
                while (frame != null) {
                    take(frame);
                    frame = Frame.read(message);
                }
            }
        } catch (FrameException e) {
            end("the gateway sends nonsense: " + e.getMessage());
            webSocket.abort();
        }
        webSocket.request(1);
        return null;
    }

    private ByteBuffer join(ByteBuffer data) {
        int before = partial == null ? 0 : partial.remaining();
        ByteBuffer joined = ByteBuffer.allocate(before + data.remaining());
        if (partial != null) {
            joined.put(partial);
        }
        return joined.put(data).flip();
    }

    private void take(Frame frame) {
        if (frame.operation() == Operation.MOVED) {
            RemoteChannel moved = channels.get(frame.channel());
            if (moved != null) {
                moved.movedTo(new String(frame.payload(), StandardCharsets.UTF_8));
            }
            return;
        }
        Pending request = pending.remove(frame.request());
        if (request == null) {
            return;
        }
        if (frame.operation() == Operation.CLOSED) {
            channels.remove(frame.channel());
        }
        if (frame.operation() != Operation.ERROR) {
            request.answer.complete(frame);
            return;
        }
        ChannelException fault = Faults.of(frame);
        if (fault instanceof ChannelClosedException && request.channel != null) {
            request.channel.ended();
            channels.remove(request.channel.id());
        }
        request.answer.completeExceptionally(fault);
    }

    @Override
    public CompletionStage<?> onPong(WebSocket webSocket, ByteBuffer message) {
        heard = System.nanoTime();
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
        heard = System.nanoTime();
        webSocket.request(1);
        return null;
    }

    // ---- the end

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        end("it closed the connection (" + statusCode + (reason.isEmpty() ? "" : ": " + reason) + ")");
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        end(reason(error));
    }

    /** Looks whether the other side is there; ends the connection if nothing was heard of it for too long. */
    void watch(long silentNanos) {
        WebSocket open = socket;
        if (open == null || ended != null) {
            return;
        }
        long silent = System.nanoTime() - heard;
        if (silent > silentNanos) {
            end("nothing was heard of it for " + silent / 1_000_000 + " ms");
            open.abort();
        } else {
            open.sendPing(ByteBuffer.wrap(NOTHING));
        }
    }

    void close() {
        end("this client was closed");
        WebSocket open = socket;
        if (open != null) {
            open.sendClose(WebSocket.NORMAL_CLOSURE, "").whenComplete((done, fault) -> open.abort());
        }
    }

    private void end(String why) {
        synchronized (this) {
            if (ended != null) {
                return;
            }
            ended = why;
        }
        channels.values().forEach(RemoteChannel::ended);
        channels.clear();
        pending.keySet().forEach(this::fail);
    }

    private void fail(int request) {
        Pending failed = pending.remove(request);
        if (failed == null) {
            return;
        }
        if (failed.channel == null) {
            failed.answer.completeExceptionally(unreachable());
        } else {
            failed.channel.ended();
            failed.answer.completeExceptionally(new ChannelLostException(failed.channel.module(), failed.channel.id(),
                    "the connection to the gateway " + uri + " ended: " + ended
                            + "; the card drops a session in progress, so repeat it on a new channel."));
        }
    }

    private NoChannelFreeException unreachable() {
        return new NoChannelFreeException(null, 0, "the gateway " + uri + " cannot be reached: " + ended + "; try again later.");
    }

    /** @return why an exchange on a channel that is not open any more is refused */
    ChannelClosedException whyClosed(String module, long channel) {
        String why = ended;
        return why == null ? new ChannelClosedException(module, channel, "it is closed; open a new channel.")
                : new ChannelClosedException(module, channel, "the connection to the gateway " + uri + " ended: " + why
                        + "; open a new channel.");
    }

    @Override
    public String toString() {
        return uri.toString();
    }
}
