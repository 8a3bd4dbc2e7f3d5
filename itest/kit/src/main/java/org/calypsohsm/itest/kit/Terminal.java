package org.calypsohsm.itest.kit;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.itest.kit.fault.CardField;
import org.calypsohsm.itest.kit.fault.CardRemovedException;

/**
 * A terminal between a simulated card and a channel: it runs sessions as a vending server does, and checks each status word.
 * A status word that is not 9000 is an {@link AssertionError} that names instruction and status word. One thread at a time.
 */
public final class Terminal {

    private final CardField field;
    private final CardCommands commands;
    private final Channel channel;

    /**
     * Selects the application of a card and gives its serial number to the SAM.
     *
     * @param card    the card
     * @param channel the channel; stays open
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException never, since nothing tears the card
     */
    public Terminal(Card card, Channel channel) throws ChannelException, CardRemovedException {
        this(new CardField(card), channel);
    }

    /**
     * Selects the application of a card in a field and gives its serial number to the SAM.
     *
     * @param field   the field
     * @param channel the channel; stays open
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public Terminal(CardField field, Channel channel) throws ChannelException, CardRemovedException {
        this.field = field;
        this.channel = channel;
        commands = CardCommands.of(field.card().product());
        card(commands.selectApplication());
        sam(0x14, 0, 0, field.card().serialNumber());
    }

    /** @return the card, in the field or not, to look at what is stored on it */
    public Card card() {
        return field.card();
    }

    /** @return the commands of the card */
    public CardCommands commands() {
        return commands;
    }

    /**
     * Transmits a command to the card.
     *
     * @param command command APDU
     * @return the response APDU, whatever its status word is
     * @throws CardRemovedException if the card leaves the field
     */
    public byte[] transmit(byte[] command) throws CardRemovedException {
        return field.transmit(command);
    }

    /**
     * Transmits a command to the card.
     *
     * @param command command APDU
     * @return the data of the card's answer, which must be 9000
     * @throws CardRemovedException if the card leaves the field
     */
    public byte[] card(byte[] command) throws CardRemovedException {
        return withoutStatus("card", command, field.transmit(command));
    }

    /**
     * Exchanges a command with the SAM.
     *
     * @param ins  instruction byte, 00..FF
     * @param p1   00..FF
     * @param p2   00..FF
     * @param data 1 to 255 bytes
     * @return the data of the SAM's answer, which must be 9000
     * @throws ChannelException as an exchange with the channel
     */
    public byte[] sam(int ins, int p1, int p2, byte[] data) throws ChannelException {
        byte[] command = samCommand(ins, p1, p2, data);
        return withoutStatus("SAM", command, channel.exchange(command));
    }

    /**
     * Exchanges a command with the SAM.
     *
     * @param ins  instruction byte, 00..FF
     * @param p1   00..FF
     * @param p2   00..FF
     * @param data 1 to 255 bytes
     * @return the status word of the SAM's answer
     * @throws ChannelException as an exchange with the channel
     */
    public int samStatus(int ins, int p1, int p2, byte[] data) throws ChannelException {
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
        int status = StatusWord.of(response);
        if (status != StatusWord.OK) {
            throw refused(who, command, status, "with 9000");
        }
        return Arrays.copyOf(response, response.length - 2);
    }

    private static AssertionError refused(String who, byte[] command, int status, String expected) {
        return new AssertionError(String.format("The %s answered instruction %02X with %s, not %s.", who, command[1],
                StatusWord.describe(status), expected));
    }

    /** @return serial number of the SAM, 4 bytes, from its ATR */
    public byte[] samSerialNumber() {
        return Arrays.copyOfRange(channel.atr(), 12, 16);
    }

    /**
     * Takes the card's challenge into the SAM.
     *
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public void giveChallenge() throws ChannelException, CardRemovedException {
        sam(0x86, 0, 0, card(commands.getChallenge()));
    }

    /**
     * Makes the data of many SAM commands: KIF and KVC of a card key, then further bytes.
     *
     * @param keyIndex key of the card, as in {@link CardCommands#DEBIT}
     * @param more     further bytes
     * @return the data
     */
    public byte[] keyAnd(int keyIndex, byte... more) {
        byte[] data = new byte[2 + more.length];
        data[0] = (byte) commands.kif(keyIndex);
        data[1] = (byte) commands.kvc();
        System.arraycopy(more, 0, data, 2, more.length);
        return data;
    }

    /**
     * Opens a session, does the exchanges, closes it, and checks both certificates: a whole sale.
     *
     * @param keyIndex  key of the card, as in {@link CardCommands#DEBIT}
     * @param exchanges commands to the card, each of which must be carried out, see {@link StatusWord#isSuccessful(int)}
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public void session(int keyIndex, byte[]... exchanges) throws ChannelException, CardRemovedException {
        open(keyIndex);
        for (byte[] command : exchanges) {
            int status = StatusWord.of(digested(command));
            if (!StatusWord.isSuccessful(status)) {
                throw refused("card", command, status, "with success");
            }
        }
        close();
    }

    /**
     * Opens a session with a key, for exchanges that depend on each other.
     *
     * @param keyIndex key of the card, as in {@link CardCommands#DEBIT}
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public void open(int keyIndex) throws ChannelException, CardRemovedException {
        byte[] challenge = samLe(0x84, commands.certificateLength());
        byte[] opening = commands.openSession(keyIndex, 0, 0, challenge);
        byte[] opened = field.transmit(opening);
        withoutStatus("card", opening, opened);
        sam(0x8A, commands.isExtended() ? 2 : 0, 0xFF, commands.digestInit(keyIndex, opened));
    }

    /**
     * Does an exchange in the session.
     *
     * @param command command to the card
     * @return the card's answer with its status word
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public byte[] digested(byte[] command) throws ChannelException, CardRemovedException {
        byte[] response = field.transmit(command);
        sam(0x8C, 0, 0, CardCommands.digested(command));
        sam(0x8C, 0, 0, response);
        return response;
    }

    /**
     * Closes the session, and checks both certificates.
     *
     * @return the card's answer to Close
     * @throws ChannelException     as an exchange with the channel
     * @throws CardRemovedException if the card leaves the field
     */
    public byte[] close() throws ChannelException, CardRemovedException {
        byte[] closing = commands.closeSession(samLe(0x8E, commands.certificateLength()), true);
        byte[] closed = field.transmit(closing);
        withoutStatus("card", closing, closed);
        sam(0x82, 0, 0, commands.cardCertificate(closed));
        return closed;
    }
}
