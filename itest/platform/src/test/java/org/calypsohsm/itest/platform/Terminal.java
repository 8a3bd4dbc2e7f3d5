package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;

/** A terminal between a simulated card and a channel; it checks each status word. */
final class Terminal {

    final Card card;
    final CardCommands commands;
    private final Channel channel;

    Terminal(Card card, Channel channel) throws ChannelException {
        this.card = card;
        this.channel = channel;
        commands = CardCommands.of(card.product());
        card(commands.selectApplication());
        sam(0x14, 0, 0, card.serialNumber());
    }

    /** @return the data of the card's answer, which must be 9000 */
    byte[] card(byte[] command) {
        return withoutStatus("card", command, card.transmit(command));
    }

    /** @return the data of the SAM's answer, which must be 9000 */
    byte[] sam(int ins, int p1, int p2, byte[] data) throws ChannelException {
        byte[] command = samCommand(ins, p1, p2, data);
        return withoutStatus("SAM", command, channel.exchange(command));
    }

    int samStatus(int ins, int p1, int p2, byte[] data) throws ChannelException {
        return StatusWord.of(channel.exchange(samCommand(ins, p1, p2, data)));
    }

    private static byte[] samCommand(int ins, int p1, int p2, byte[] data) {
        return CommandApdu.sending(0x80, ins, p1 << 8 | p2, data);
    }

    private byte[] samLe(int ins, int le) throws ChannelException {
        byte[] command = CommandApdu.expecting(0x80, ins, 0, le);
        return withoutStatus("SAM", command, channel.exchange(command));
    }

    private static byte[] withoutStatus(String who, byte[] command, byte[] response) {
        assertEquals(String.format("%s, instruction %02X", who, command[1]), "9000", String.format("%04X", StatusWord.of(response)));
        return Arrays.copyOf(response, response.length - 2);
    }

    /** @return serial number of the SAM, 4 bytes, from its ATR */
    byte[] samSerialNumber() {
        return Arrays.copyOfRange(channel.atr(), 12, 16);
    }

    /** Takes the card's challenge into the SAM. */
    void giveChallenge() throws ChannelException {
        sam(0x86, 0, 0, card(commands.getChallenge()));
    }

    /** KIF and KVC of a card key, then further bytes: the data of many SAM commands. */
    byte[] keyAnd(int keyIndex, byte... more) {
        byte[] data = new byte[2 + more.length];
        data[0] = (byte) commands.kif(keyIndex);
        data[1] = (byte) commands.kvc();
        System.arraycopy(more, 0, data, 2, more.length);
        return data;
    }

    /** Opens a session, does the exchanges, closes it, and checks both certificates. */
    void session(int keyIndex, byte[]... exchanges) throws ChannelException {
        open(keyIndex);
        for (byte[] command : exchanges) {
            digested(command);
        }
        close();
    }

    /** Opens a session with a key, for exchanges that depend on each other. */
    void open(int keyIndex) throws ChannelException {
        byte[] challenge = samLe(0x84, commands.certificateLength());
        byte[] opened = card.transmit(commands.openSession(keyIndex, 0, 0, challenge));
        sam(0x8A, commands.isExtended() ? 2 : 0, 0xFF, commands.digestInit(keyIndex, opened));
    }

    /** Does an exchange in the session. */
    byte[] digested(byte[] command) throws ChannelException {
        byte[] response = card.transmit(command);
        sam(0x8C, 0, 0, CardCommands.digested(command));
        sam(0x8C, 0, 0, response);
        return response;
    }

    /** @return the card's answer to Close */
    byte[] close() throws ChannelException {
        byte[] closed = card.transmit(commands.closeSession(samLe(0x8E, commands.certificateLength()), true));
        sam(0x82, 0, 0, commands.cardCertificate(closed));
        return closed;
    }
}
