package org.calypsohsm.itest.keyple.adapter;

import java.util.HexFormat;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.eclipse.keyple.core.plugin.CardIOException;

/** A contact reader with a channel of the platform as its SAM. The channel stays its owner's, who also closes it. */
public final class ChannelReader extends InsertedCardReader {

    private final Channel channel;

    /**
     * Makes the reader.
     *
     * @param name    unique name of the reader
     * @param channel an open channel
     */
    public ChannelReader(String name, Channel channel) {
        super(name);
        this.channel = channel;
    }

    // closePhysicalChannel is inherited: Keyple closes and opens as it likes, and the channel must outlive that.

    @Override
    public boolean checkCardPresence() {
        return channel.isOpen();
    }

    @Override
    public String getPowerOnData() {
        return HexFormat.of().withUpperCase().formatHex(channel.atr());
    }

    @Override
    public byte[] transmitApdu(byte[] apdu) throws CardIOException {
        try {
            return channel.exchange(apdu);
        } catch (ChannelException e) {
            throw new CardIOException(e.getMessage(), e);
        }
    }

    @Override
    public boolean isContactless() {
        return false;
    }
}
