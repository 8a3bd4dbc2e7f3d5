package org.calypsohsm.channel;

/** A fault on a channel. The message is one sentence that names module, channel and reason. */
public abstract class ChannelException extends Exception {

    private static final long serialVersionUID = 1L;

    private final String module;
    private final long channel;
    private final String reason;

    /**
     * Makes the exception.
     *
     * @param module  name of the module, or null if there is none
     * @param channel number of the channel, or 0 if there is none
     * @param reason  what happened and what to do, in one sentence
     */
    protected ChannelException(String module, long channel, String reason) {
        super((channel == 0 ? "No channel" : "Channel " + channel) + (module == null ? "" : " on module " + module) + ": " + reason);
        this.module = module;
        this.channel = channel;
        this.reason = reason;
    }

    /** @return name of the module, or null if there is none */
    public String module() {
        return module;
    }

    /** @return number of the channel, or 0 if there is none */
    public long channel() {
        return channel;
    }

    /** @return what happened and what to do, in one sentence */
    public String reason() {
        return reason;
    }
}
