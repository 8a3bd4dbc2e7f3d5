package org.calypsohsm.channel;

import java.util.List;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A reserved virtual SAM-S1. It stays the same for its user while the module behind it is exchanged.
 * Calls by several threads are carried out one after the other; asynchronous ones in the order in which they were made.
 */
@ProviderType
public interface Channel extends AutoCloseable {

    /** @return the number of this channel, unique for the life of the channel manager */
    long id();

    /** @return the number of its key group */
    int keyGroup();

    /** @return the name of the module that serves it now */
    String module();

    /** @return the answer to reset, 19 bytes, of the virtual SAM that was opened; it stays the same when the channel moves */
    byte[] atr();

    /** @return false once the channel is closed, expired or lost */
    boolean isOpen();

    /**
     * Exchanges one APDU.
     *
     * @param command a command APDU; a faulty one gets its status word, not an exception
     * @return the response APDU with its status word, at least 2 bytes; the caller owns the array
     * @throws ChannelClosedException     if the channel is closed
     * @throws ChannelExpiredException    if its lease ran out
     * @throws ChannelLostException       if a session in progress was lost with its module
     * @throws ModuleUnavailableException if no module can serve the channel at the moment; it stays open
     */
    byte[] exchange(byte[] command) throws ChannelException;

    /**
     * Exchanges one APDU without blocking the caller.
     *
     * @param command a command APDU
     * @return completes with the response, or with what {@link #exchange(byte[])} throws
     */
    CompletionStage<byte[]> exchangeAsync(byte[] command);

    /**
     * Exchanges several APDUs, and stops at the first that was not carried out (see
     * {@link org.calypsohsm.apdu.StatusWord#isSuccessful(int)}). Nothing comes between them.
     *
     * @param commands the command APDUs
     * @return the responses up to and with the first unsuccessful one
     * @throws ChannelException as for {@link #exchange(byte[])}
     */
    BatchResult exchangeAll(List<byte[]> commands) throws ChannelException;

    /** Gives the virtual SAM back. Closing twice is harmless. Never throws. */
    @Override
    void close();
}
