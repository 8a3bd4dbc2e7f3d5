package org.calypsohsm.itest.gateway;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.FrameException;
import org.calypsohsm.gateway.wire.Operation;

/** A WebSocket whose frames the test makes itself. */
final class RawConnection implements WebSocket.Listener {

    private static final long PATIENCE_SECONDS = 60;

    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private final WebSocket socket;

    RawConnection(GatewayProcess gateway, String client) {
        socket = gateway.http(client).newWebSocketBuilder()
                .buildAsync(URI.create("wss://127.0.0.1:" + gateway.port() + "/api/v1/exchange"), this).join();
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        partial.writeBytes(bytes);
        if (last) {
            ByteBuffer message = ByteBuffer.wrap(partial.toByteArray());
            partial.reset();
            try {
                for (Frame frame = Frame.read(message); frame != null; frame = Frame.read(message)) {
                    frames.add(frame);
                }
            } catch (FrameException e) {
                closed.completeExceptionally(e);
            }
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.completeExceptionally(error);
    }

    static byte[] frame(int operation, int request, long channel, byte[] payload) {
        return ByteBuffer.allocate(Frame.HEADER + payload.length).put((byte) Frame.VERSION).put((byte) operation).putInt(request)
                .putLong(channel).putInt(payload.length).put(payload).array();
    }

    static byte[] open(int request, int group, long leaseMillis) {
        return frame(Operation.OPEN.code(), request, 0, ByteBuffer.allocate(Frame.OPEN_LENGTH).putInt(group).putLong(5000)
                .putLong(leaseMillis).array());
    }

    void send(byte[] message) {
        socket.sendBinary(ByteBuffer.wrap(message), true).join();
    }

    void sendText(String text) {
        socket.sendText(text, true).join();
    }

    /** @return the next frame */
    Frame next() throws InterruptedException {
        return frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** @return the status that the gateway closed with */
    int closed() throws Exception {
        return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends it without a word, as the death of the client does. */
    void kill() {
        socket.abort();
    }
}
