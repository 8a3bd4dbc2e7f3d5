package org.calypsohsm.keyple;

import java.util.HexFormat;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.eclipse.keyple.core.common.KeypleReaderExtension;
import org.eclipse.keyple.core.plugin.CardIOException;
import org.eclipse.keyple.core.plugin.ReaderIOException;
import org.eclipse.keyple.core.plugin.spi.reader.PoolReaderSpi;

/**
 * A channel as a contact reader with a SAM that is always in it. Keyple closes and opens its physical channel at each selection;
 * the channel outlives that, and ends when the reader is released.
 */
final class ChannelReader implements KeypleReaderExtension, PoolReaderSpi {

    private final String name;
    private final Channel channel;
    private volatile boolean open;

    ChannelReader(String name, Channel channel) {
        this.name = name;
        this.channel = channel;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public void openPhysicalChannel() throws CardIOException {
        if (!channel.isOpen()) {
            throw new CardIOException("Channel " + channel.id() + " on module " + channel.module()
                    + " has ended; release reader " + name + " and allocate another.");
        }
        open = true;
    }

    @Override
    public void closePhysicalChannel() {
        open = false;
    }

    @Override
    public boolean isPhysicalChannelOpen() {
        return open;
    }

    /** The SAM is there until the channel is closed, its lease ran out, or it was lost with a module. */
    @Override
    public boolean checkCardPresence() {
        return channel.isOpen();
    }

    @Override
    public String getPowerOnData() {
        return HexFormat.of().withUpperCase().formatHex(channel.atr());
    }

    /** A channel that has ended is a card that is gone; one that no module can serve at the moment is a reader at fault. */
    @Override
    public byte[] transmitApdu(byte[] apdu) throws CardIOException, ReaderIOException {
        try {
            return channel.exchange(apdu);
        } catch (ChannelClosedException e) {
            throw new CardIOException(e.getMessage(), e);
        } catch (ChannelException | RuntimeException e) {
            throw new ReaderIOException(e.getMessage(), e);
        }
    }

    @Override
    public boolean isContactless() {
        return false;
    }

    /** Keyple's card extensions select the SAM themselves. */
    @Override
    public Object getSelectedSmartCard() {
        return null;
    }

    @Override
    public void onUnregister() {
        release();
    }

    void release() {
        open = false;
        channel.close();
    }
}
