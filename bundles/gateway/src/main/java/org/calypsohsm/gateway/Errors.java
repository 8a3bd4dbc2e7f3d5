package org.calypsohsm.gateway;

import java.util.concurrent.CompletionException;

import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.gateway.wire.ErrorCode;

/** What the faults of the channel API are called on the wire, and which status they have. */
final class Errors {

    private Errors() {
    }

    static Throwable cause(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }

    static ErrorCode code(ChannelException fault) {
        if (fault instanceof ChannelLostException) {
            return ErrorCode.LOST;
        }
        if (fault instanceof ChannelExpiredException) {
            return ErrorCode.EXPIRED;
        }
        if (fault instanceof ChannelClosedException) {
            return ErrorCode.CLOSED;
        }
        if (fault instanceof UnknownKeyGroupException) {
            return ErrorCode.UNKNOWN_KEY_GROUP;
        }
        if (fault instanceof NoChannelFreeException) {
            return ErrorCode.NO_CHANNEL_FREE;
        }
        return fault instanceof ModuleUnavailableException ? ErrorCode.MODULE_UNAVAILABLE : ErrorCode.FAILED;
    }

    static Problem problem(ChannelException fault) {
        int status = switch (code(fault)) {
            case LOST, EXPIRED, CLOSED -> Problem.GONE;
            case UNKNOWN_KEY_GROUP -> Problem.UNPROCESSABLE;
            case NO_CHANNEL_FREE, MODULE_UNAVAILABLE -> Problem.UNAVAILABLE;
            default -> Problem.INTERNAL;
        };
        return new Problem(status, fault.getMessage());
    }
}
