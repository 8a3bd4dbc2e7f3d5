package org.calypsohsm.benchmark;

import java.util.concurrent.CompletionStage;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;

/** Carries out a sale session on a channel. */
final class SaleRun {

    private SaleRun() {
    }

    /**
     * Runs one session: 13 exchanges.
     *
     * @return length of the last response
     * @throws ChannelException      if the channel fails
     * @throws IllegalStateException if the SAM refuses
     */
    static int run(SaleSession session, Channel channel) throws ChannelException {
        exchange(channel, session.selectDiversifier);
        byte[] challenge = exchange(channel, session.getChallenge);
        exchange(channel, session.digestInit);
        for (byte[] update : session.updates) {
            exchange(channel, update);
        }
        exchange(channel, session.digestClose);
        return exchange(channel, session.authenticates[challenge[0] & 0xFF]).length;
    }

    /**
     * Runs one session without holding a thread while a response is held back.
     *
     * @return completes when the session is over, or with what failed
     */
    static CompletionStage<byte[]> runAsync(SaleSession session, Channel channel) {
        CompletionStage<byte[]> challenge = exchangeAsync(channel, session.selectDiversifier)
                .thenCompose(done -> exchangeAsync(channel, session.getChallenge));
        CompletionStage<byte[]> digest = challenge.thenCompose(done -> exchangeAsync(channel, session.digestInit));
        for (byte[] update : session.updates) {
            digest = digest.thenCompose(done -> exchangeAsync(channel, update));
        }
        return digest.thenCompose(done -> exchangeAsync(channel, session.digestClose))
                .thenCombine(challenge, (certificate, bytes) -> session.authenticates[bytes[0] & 0xFF])
                .thenCompose(authenticate -> exchangeAsync(channel, authenticate));
    }

    /**
     * Runs one session, sending together what needs no answer of another: the SAM's part is three turns, as a terminal does that
     * digests when all commands to the card are through.
     *
     * @return completes when the session is over, or with what failed
     */
    static CompletionStage<byte[]> runTogether(SaleSession session, Channel channel) {
        CompletionStage<byte[]> selected = exchangeAsync(channel, session.selectDiversifier);
        CompletionStage<byte[]> challenge = exchangeAsync(channel, session.getChallenge);
        return selected.thenCombine(challenge, (done, bytes) -> bytes).thenCompose(bytes -> {
            CompletionStage<byte[]> digest = exchangeAsync(channel, session.digestInit);
            for (byte[] update : session.updates) {
                digest = digest.thenCombine(exchangeAsync(channel, update), (before, now) -> now);
            }
            return digest.thenCombine(exchangeAsync(channel, session.digestClose), (before, now) -> bytes);
        }).thenCompose(bytes -> exchangeAsync(channel, session.authenticates[bytes[0] & 0xFF]));
    }

    private static CompletionStage<byte[]> exchangeAsync(Channel channel, byte[] command) {
        return channel.exchangeAsync(command).thenApply(SaleRun::checked);
    }

    private static byte[] exchange(Channel channel, byte[] command) throws ChannelException {
        return checked(channel.exchange(command));
    }

    private static byte[] checked(byte[] response) {
        if (StatusWord.of(response) != StatusWord.OK) {
            throw new IllegalStateException("A session failed with " + StatusWord.describe(StatusWord.of(response)) + ".");
        }
        return response;
    }
}
