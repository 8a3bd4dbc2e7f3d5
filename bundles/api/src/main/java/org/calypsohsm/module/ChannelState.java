package org.calypsohsm.module;

/**
 * What a virtual SAM-S1 remembers between sessions: no more than this is needed to go on in another one.
 *
 * @param diversifier       the selected diversifier, 4 or 8 bytes; null if none is selected
 * @param outgoingChallenge the challenge given by Get Challenge and not used yet, 4 or 8 bytes; null if there is none
 * @param incomingChallenge the challenge taken by Give Random and not used yet, 8 bytes; null if there is none
 * @param unlocked          true if the SAM is not locked although a lock is enabled: the client unlocked it, or the lock was
 *                          enabled since its reset
 */
public record ChannelState(byte[] diversifier, byte[] outgoingChallenge, byte[] incomingChallenge, boolean unlocked) {

    /** The state after a reset. */
    public static final ChannelState AFTER_RESET = new ChannelState(null, null, null, false);

    /** Says which parts are there, not what they are. */
    @Override
    public String toString() {
        return "ChannelState[diversifier " + (diversifier == null ? "none" : "selected")
                + ", outgoing challenge " + (outgoingChallenge == null ? "none" : "unused")
                + ", incoming challenge " + (incomingChallenge == null ? "none" : "unused") + (unlocked ? ", unlocked]" : "]");
    }
}
