package org.calypsohsm.gateway.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.BatchResult;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.FrameException;
import org.calypsohsm.gateway.wire.Operation;

/** A channel on the other side of a connection. */
final class RemoteChannel implements Channel {

    private static final byte[] NOTHING = {};

    private final Connection connection;
    private final long id;
    private final int keyGroup;
    private final byte[] atr;
    private volatile String module;
    private volatile boolean open = true;

    RemoteChannel(Connection connection, long id, int keyGroup, byte[] atr, String module) {
        this.connection = connection;
        this.id = id;
        this.keyGroup = keyGroup;
        this.atr = atr;
        this.module = module;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    @Override
    public String module() {
        return module;
    }

    void movedTo(String name) {
        module = name;
    }

    @Override
    public byte[] atr() {
        return atr.clone();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /** Its end on the other side. */
    void ended() {
        open = false;
    }

    @Override
    public byte[] exchange(byte[] command) throws ChannelException {
        return await(request(Operation.EXCHANGE, command));
    }

    @Override
    public CompletionStage<byte[]> exchangeAsync(byte[] command) {
        return request(Operation.EXCHANGE, command);
    }

    private CompletableFuture<byte[]> request(Operation operation, byte[] payload) {
        Objects.requireNonNull(payload, "command");
        if (!open) {
            return CompletableFuture.failedFuture(connection.whyClosed(module, id));
        }
        CompletableFuture<Frame> answer = connection.request(operation, this, payload);
        return answer.thenApply(Frame::payload);
    }

    private static <T> T await(CompletableFuture<T> answer) throws ChannelException {
        try {
            return answer.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ChannelException fault) {
                throw fault;
            }
            throw e;
        }
    }

    @Override
    public BatchResult exchangeAll(List<byte[]> commands) throws ChannelException {
        if (commands.isEmpty()) {
            if (!open) {
                throw connection.whyClosed(module, id);
            }
            return new BatchResult(List.of(), 0);
        }
        List<byte[]> responses = new ArrayList<>(commands.size());
        // As many at once as a message holds; between two messages nothing comes but what other threads exchange themselves.
        synchronized (this) {
            for (List<byte[]> part : connection.parts(commands)) {
                byte[] answer = await(request(Operation.EXCHANGE_ALL, Frame.payload(part)));
                responses.addAll(apdus(answer));
                if (responses.isEmpty() || !StatusWord.isSuccessful(StatusWord.of(responses.get(responses.size() - 1)))) {
                    break;
                }
            }
        }
        return new BatchResult(responses, commands.size());
    }

    private List<byte[]> apdus(byte[] payload) throws ChannelException {
        try {
            return new Frame(Operation.EXCHANGED_ALL, 0, id, payload).apdus();
        } catch (FrameException e) {
            throw new ChannelClosedException(module, id, "the gateway answers nonsense: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            // Nobody waits for the answer; if the connection ends before it, the channel is closed there too.
            connection.request(Operation.CLOSE, this, NOTHING);
        }
    }

    @Override
    public String toString() {
        return "Channel " + id + " for key group " + keyGroup + " on module " + module + " over " + connection;
    }
}
