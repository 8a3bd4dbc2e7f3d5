package org.calypsohsm.provider.sams20pcsc;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import javax.smartcardio.Card;
import javax.smartcardio.CardChannel;
import javax.smartcardio.CardException;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.pcsc.ReaderClaim;

/** A card that is connected, with its logical channels. Used by the thread of {@link CardLine} only, since PC/SC wants one thread. */
final class Connection {

    /** Logical channels of ISO/IEC 7816-4: 0 to 19. */
    static final int CHANNELS = 20;

    private static final int OWN_CLASS = 0x80;
    private static final int GET_DATA = 0xCA;
    private static final int PUT_DATA = 0xDA;
    private static final int STATUS = 0x0120;
    private static final int SAM = 0x0121;
    private static final int NO_SAM = 0x0122;
    private static final int GET_CHALLENGE = 0x84;
    private static final int CHALLENGE = 8;
    /** A response APDU with 256 bytes and its status word. */
    private static final int LONGEST_RESPONSE = 258;
    /** Room for an answer that is too long, so that it is seen to be. */
    private static final int ROOM = 4096;

    private final String reader;
    private final Card card;
    private final ReaderClaim claim;
    private final SamAtr samAtr;
    private final List<CardChannel> channels = new ArrayList<>();

    /**
     * Takes a connected card.
     *
     * @param reader name of the reader
     * @param card   the card
     * @param claim  keeps the reader for this module
     */
    Connection(String reader, Card card, ReaderClaim claim, SamAtr samAtr) {
        this.reader = reader;
        this.card = card;
        this.claim = claim;
        this.samAtr = samAtr;
        channels.add(card.getBasicChannel());
    }

    String reader() {
        return reader;
    }

    byte[] atr() {
        return card.getATR().getBytes();
    }

    /** Ends it with a reset: sessions must not go on for whoever comes next. */
    void close() {
        try {
            card.disconnect(true);
        } catch (CardException | IllegalStateException e) {
            // It was taken out.
        } finally {
            claim.close();
        }
    }

    CardStatus status() throws CardException {
        byte[] answer = transmit(0, CommandApdu.expecting(OWN_CLASS, GET_DATA, STATUS, 0));
        if (StatusWord.of(answer) != StatusWord.OK) {
            throw new CardException("it answers " + StatusWord.describe(StatusWord.of(answer)) + " to the question for its status");
        }
        return CardStatus.of(ByteBuffer.wrap(answer, 0, answer.length - 2));
    }

    /**
     * Begins a SAM on a channel.
     *
     * @return the status word
     */
    int begin(int channel, int keyGroup, ChannelState state) throws CardException {
        while (channels.size() <= channel) {
            // The JDK sends MANAGE CHANNEL.
            channels.add(card.openLogicalChannel());
        }
        ByteBuffer data = ByteBuffer.allocate(2 + 3 + 3 * CHALLENGE).putShort((short) keyGroup);
        for (byte[] part : new byte[][] {state.diversifier(), state.outgoingChallenge(), state.incomingChallenge()}) {
            data.put((byte) (part == null ? 0 : part.length)).put(part == null ? new byte[0] : part);
        }
        return StatusWord.of(transmit(channel, CommandApdu.sending(OWN_CLASS, PUT_DATA, SAM,
                Arrays.copyOf(data.array(), data.position()))));
    }

    /** Forgets the SAM of a channel. */
    void end(int channel) throws CardException {
        if (channel < channels.size()) {
            transmit(channel, CommandApdu.sending(OWN_CLASS, PUT_DATA, NO_SAM));
        }
    }

    /** Tests a SAM on the basic channel, which must be free: two challenges must come, and differ. */
    void test(int channel, int keyGroup) throws CardException {
        int begun = begin(channel, keyGroup, ChannelState.AFTER_RESET);
        if (begun != StatusWord.OK) {
            throw new CardException("it answers " + StatusWord.describe(begun) + " instead of beginning a SAM for key group " + keyGroup);
        }
        byte[] getChallenge = CommandApdu.expecting(samAtr.samClass(), GET_CHALLENGE, 0, CHALLENGE);
        byte[] first = transmit(channel, getChallenge);
        byte[] second = transmit(channel, getChallenge);
        if (first.length != CHALLENGE + 2 || second.length != CHALLENGE + 2) {
            throw new CardException("it answers " + StatusWord.describe(StatusWord.of(second)) + " to Get Challenge");
        }
        if (Arrays.equals(first, second)) {
            throw new CardException("it gives the same challenge twice");
        }
        end(channel);
    }

    /**
     * Exchanges an APDU.
     *
     * @param channel a channel that was begun, or 0
     * @param command a well-formed command of class 00, 80 or 94; not changed
     * @return the response
     * @throws CardException if the card does not answer, or what it answers is no response APDU
     */
    byte[] transmit(int channel, byte[] command) throws CardException {
        CardChannel to = channels.get(channel);
        byte[] sent = command.clone();
        sent[0] = (byte) ClassByte.onChannel(command[0] & 0xFF, to.getChannelNumber());
        ByteBuffer answer = ByteBuffer.allocate(ROOM);
        try {
            to.transmit(ByteBuffer.wrap(sent), answer);
            return response(Arrays.copyOf(answer.array(), answer.position()));
        } catch (IllegalStateException | IllegalArgumentException | BufferOverflowException e) {
            // The JDK says so of a card that it knows to be gone.
            throw new CardException("the card is gone", e);
        } finally {
            Arrays.fill(answer.array(), (byte) 0);
            Arrays.fill(sent, (byte) 0);
        }
    }

    private static byte[] response(byte[] answer) throws CardException {
        if (answer.length < 2 || answer.length > LONGEST_RESPONSE) {
            throw new CardException("an answer of " + answer.length + " bytes is no response");
        }
        int sw1 = StatusWord.of(answer) >> 8;
        // ISO/IEC 7816-4 section 5.1.3: 61 to 6F, or 90 to 9F.
        if ((sw1 & 0xF0) != 0x60 && (sw1 & 0xF0) != 0x90 || sw1 == 0x60) {
            throw new CardException("an answer that ends with " + String.format("%04X", StatusWord.of(answer)) + " has no status word");
        }
        return answer;
    }
}
