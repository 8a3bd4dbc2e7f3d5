package org.calypsohsm.channel;

/** No module can serve the channel at the moment. The channel stays open: try the exchange again. */
public class ModuleUnavailableException extends ChannelException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param module  name of the module, or null if there is none
     * @param channel number of the channel, or 0 if there is none
     * @param reason  what happened and what to do, in one sentence
     */
    public ModuleUnavailableException(String module, long channel, String reason) {
        super(module, channel, reason);
    }
}
