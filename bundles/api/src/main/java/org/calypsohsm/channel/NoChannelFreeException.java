package org.calypsohsm.channel;

/** No channel became free before the deadline. Try again later, or add a module. */
public class NoChannelFreeException extends ChannelException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param module  name of the module, or null if there is none
     * @param channel number of the channel, or 0 if there is none
     * @param reason  what happened and what to do, in one sentence
     */
    public NoChannelFreeException(String module, long channel, String reason) {
        super(module, channel, reason);
    }
}
