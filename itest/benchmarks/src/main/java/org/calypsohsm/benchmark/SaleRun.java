package org.calypsohsm.benchmark;

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

    private static byte[] exchange(Channel channel, byte[] command) throws ChannelException {
        byte[] response = channel.exchange(command);
        if (StatusWord.of(response) != StatusWord.OK) {
            throw new IllegalStateException("A session failed with " + StatusWord.describe(StatusWord.of(response)) + ".");
        }
        return response;
    }
}
