package org.calypsohsm.channel;

/** An exchange on a channel whose lease ran out while it was idle. Open a new one. */
public class ChannelExpiredException extends ChannelClosedException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param module  name of the module, or null if there is none
     * @param channel number of the channel, or 0 if there is none
     * @param reason  what happened and what to do, in one sentence
     */
    public ChannelExpiredException(String module, long channel, String reason) {
        super(module, channel, reason);
    }
}
