package org.calypsohsm.itest.card;

import java.util.Arrays;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;

/** What a client does on a channel. */
final class Sessions {

    /** Selected by all. */
    static final byte[] CARD = {0, 0, 0, 0, 0x0A, 0x0B, 0x0C, 0x0D};
    /** Digest Update: goes on with a session. */
    static final byte[] GO_ON = {(byte) 0x80, (byte) 0x8C, 0, 0, 5, 1, 2, 3, 4, 5};
    static final byte[] GET_CHALLENGE = {(byte) 0x80, (byte) 0x84, 0, 0, 4};

    private static final byte[] SELECT = {(byte) 0x80, 0x14, 0, 0, 8, 0, 0, 0, 0, 0x0A, 0x0B, 0x0C, 0x0D};
    /** Digest Init with the test key for debiting, ALG 40. */
    private static final byte[] BEGIN = {(byte) 0x80, (byte) 0x8A, 0, (byte) 0xFF, 7, 0x30, 0x49, 1, 2, 3, 4, 5};

    private Sessions() {
    }

    static void select(Channel channel) throws ChannelException {
        done(channel, SELECT);
    }

    /** Begins a session, and leaves it open. */
    static void begin(Channel channel) throws ChannelException {
        select(channel);
        done(channel, GET_CHALLENGE);
        done(channel, BEGIN);
        done(channel, GO_ON);
    }

    static void done(Channel channel, byte[] command) throws ChannelException {
        byte[] response = channel.exchange(command);
        if (StatusWord.of(response) != StatusWord.OK) {
            throw new IllegalStateException("The command " + command[1] + " gives " + Arrays.toString(response));
        }
    }
}
