package org.calypsohsm.channel;

import java.util.List;

import org.calypsohsm.apdu.StatusWord;

/**
 * What a batch of exchanges gave.
 *
 * @param responses the response APDUs, in order; the last one is unsuccessful if the batch stopped early
 * @param requested how many commands were given
 */
public record BatchResult(List<byte[]> responses, int requested) {

    /** Keeps a copy of the list. */
    public BatchResult {
        responses = List.copyOf(responses);
    }

    /** @return true if every command was carried out */
    public boolean isComplete() {
        return responses.size() == requested
                && (requested == 0 || StatusWord.isSuccessful(StatusWord.of(responses.get(requested - 1))));
    }

    /** Tells the counts, not the data. */
    @Override
    public String toString() {
        return "BatchResult[" + responses.size() + " of " + requested + " exchanged, "
                + (isComplete() ? "complete]" : "stopped]");
    }
}
