package org.calypsohsm.gateway;

import java.util.concurrent.CompletionException;

import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.gateway.wire.ErrorCode;
import org.calypsohsm.key.KeyAdministrationException;

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

    /** @return what a request answers with that failed with this; null if nobody expects it */
    static Problem problem(Throwable thrown) {
        Throwable fault = cause(thrown);
        if (fault instanceof Problem known) {
            return known;
        }
        if (fault instanceof ChannelException known) {
            return new Problem(status(known), known.getMessage());
        }
        if (fault instanceof FeatureException known) {
            return new Problem(status(known), known.getMessage());
        }
        if (fault instanceof KeyAdministrationException known) {
            return new Problem(status(known), known.getMessage());
        }
        return null;
    }

    private static int status(ChannelException fault) {
        return switch (code(fault)) {
            case LOST, EXPIRED, CLOSED -> Problem.GONE;
            case UNKNOWN_KEY_GROUP -> Problem.UNPROCESSABLE;
            case NO_CHANNEL_FREE, MODULE_UNAVAILABLE -> Problem.UNAVAILABLE;
            default -> Problem.INTERNAL;
        };
    }

    private static int status(FeatureException fault) {
        return switch (fault.reason()) {
            case UNKNOWN_FEATURE -> Problem.NOT_FOUND;
            case NOTHING_TO_DO, BUSY, CANCELLED -> Problem.CONFLICT;
            case NOT_RECORDED -> Problem.UNAVAILABLE;
            default -> Problem.UNPROCESSABLE;
        };
    }

    private static int status(KeyAdministrationException fault) {
        return switch (fault.reason()) {
            case NOT_PERMITTED -> Problem.FORBIDDEN;
            case NOT_FOUND -> Problem.NOT_FOUND;
            case ALREADY_THERE, IN_USE -> Problem.CONFLICT;
            case BAD_INPUT -> Problem.BAD_REQUEST;
            case NOT_OPEN, NOT_RECORDED -> Problem.UNAVAILABLE;
            case FAILED -> Problem.UNPROCESSABLE;
        };
    }
}
