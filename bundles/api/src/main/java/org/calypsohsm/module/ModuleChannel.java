package org.calypsohsm.module;

import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ConsumerType;

/** One reserved virtual SAM-S1 of a module. The channel manager lets one thread at a time call it. */
@ConsumerType
public interface ModuleChannel {

    /** @return the answer to reset of the virtual SAM, 19 bytes (sam-s1-apdu.md section 1.1); a copy */
    byte[] atr();

    /**
     * Runs one command.
     *
     * @param command a command APDU, of any shape; not kept and not changed
     * @return the response APDU with its status word; the caller owns the array
     * @throws ModuleException if the module could not run it, never for a fault in the command
     */
    byte[] exchange(byte[] command) throws ModuleException;

    /**
     * Tells when the response of the last exchange may leave: not before what it used up can no longer be lost.
     *
     * @return completes then, or with what went wrong, after which the response must not leave; null if it may leave at once
     */
    default CompletionStage<Void> pendingCommit() {
        return null;
    }

    /**
     * Gives what another module needs to go on in place of this channel, as long as no session is running.
     *
     * @return the state; null while a session or another unfinished operation ties the channel to this module
     */
    ChannelState idleState();

    /**
     * Tells whether a session or another unfinished operation ties the channel to this module just now. It is asked after
     * each exchange, so it must cost next to nothing; it serves reports only, never a decision.
     *
     * @return true if so; false if not, or if the module does not tell
     * @since 1.1
     */
    default boolean inSession() {
        return false;
    }

    /** Gives the virtual SAM back. Closing twice is harmless. Never throws. */
    void close();
}
