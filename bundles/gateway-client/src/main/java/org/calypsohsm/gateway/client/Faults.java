package org.calypsohsm.gateway.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.gateway.wire.ErrorCode;
import org.calypsohsm.gateway.wire.Frame;

/** Makes of what a gateway tells the exceptions that the channel API has for it. */
final class Faults {

    private Faults() {
    }

    /** @param error a frame with an error */
    static ChannelException of(Frame error) {
        ByteBuffer payload = ByteBuffer.wrap(error.payload());
        if (payload.remaining() < 1 + Short.BYTES) {
            return of(ErrorCode.FAILED, null, error.channel(), "the gateway tells no reason.");
        }
        ErrorCode code = ErrorCode.of(payload.get() & 0xFF);
        int length = Math.min(payload.getShort() & 0xFFFF, payload.remaining());
        String module = length == 0 ? null : text(payload, length);
        return of(code, module, error.channel(), text(payload, payload.remaining()));
    }

    private static String text(ByteBuffer from, int length) {
        byte[] bytes = new byte[length];
        from.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static ChannelException of(ErrorCode code, String module, long channel, String reason) {
        return switch (code) {
            case CLOSED -> new ChannelClosedException(module, channel, reason);
            case EXPIRED -> new ChannelExpiredException(module, channel, reason);
            case LOST -> new ChannelLostException(module, channel, reason);
            case NO_CHANNEL_FREE -> new NoChannelFreeException(module, channel, reason);
            case UNKNOWN_KEY_GROUP, NOT_PERMITTED -> new UnknownKeyGroupException(module, channel, reason);
            // While there is a channel it stays open, and the exchange can be tried again.
            case MODULE_UNAVAILABLE, RATE_LIMITED, MALFORMED, FAILED -> channel == 0
                    ? new NoChannelFreeException(module, channel, reason) : new ModuleUnavailableException(module, channel, reason);
        };
    }
}
