package org.calypsohsm.channel;

/** The session in progress was lost with its module. Open a new channel and repeat the session; the card dropped it. */
public class ChannelLostException extends ChannelClosedException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param module  name of the module, or null if there is none
     * @param channel number of the channel, or 0 if there is none
     * @param reason  what happened and what to do, in one sentence
     */
    public ChannelLostException(String module, long channel, String reason) {
        super(module, channel, reason);
    }
}
