package com.spirtech.csm;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.libs3.ChannelInfo;

/** A channel: one virtual SAM-S1. It lasts until {@link #close()}, {@link CsmSystem#Free()}, or until nobody holds it any more. */
public final class CsmChannel {

    private static final Cleaner CLEANER = Cleaner.create();

    private final Csm csm;
    private final Channel channel;
    private final Cleaner.Cleanable closing;

    /** @param close ends the channel; it holds no reference to this object, which would then never be unreachable */
    CsmChannel(Csm csm, Channel channel, Runnable close) {
        this.csm = csm;
        this.channel = channel;
        closing = CLEANER.register(this, close);
    }

    /** @return the module that the channel was opened on, whose data its ATR is made of; it stays so when the channel moves */
    public Csm getCsm() {
        return csm;
    }

    /** @return the number of the channel */
    public int getId() {
        return (int) (channel.id() & Integer.MAX_VALUE);
    }

    /** @return what to print of the channel */
    public ChannelInfo getInfo() {
        return new ChannelInfo(channel.id(), channel.keyGroup(), channel.module());
    }

    /**
     * Exchanges one APDU.
     *
     * @param command a command APDU; a faulty one gets its status word
     * @return the response APDU with its status word
     * @throws CsmException if the channel has ended, or no module can serve it at the moment
     */
    public byte[] apduExchange(byte[] command) throws CsmException {
        if (command == null) {
            throw new CsmException(CsmException.BAD_CALL, "There is no command APDU to exchange on channel " + channel.id() + ".");
        }
        try {
            return channel.exchange(command);
        } catch (ChannelClosedException e) {
            throw CsmException.of(CsmException.CHANNEL_ENDED, e);
        } catch (ChannelException e) {
            throw CsmException.of(CsmException.UNAVAILABLE, e);
        } finally {
            // A caller that holds nothing but the array must not lose the channel in the middle of the exchange.
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Gives the channel back. Closing twice is harmless.
     *
     * @throws CsmException never, in this version
     */
    public void close() throws CsmException {
        closing.clean();
    }
}
