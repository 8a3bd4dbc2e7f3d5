package org.calypsohsm.channel;

import java.util.Objects;
import java.util.Set;

/**
 * What a deployer sees of a module.
 *
 * @param name            name of the module
 * @param kind            kind of module, as in {@code "PCI-S3"}
 * @param serialNumber    serial number, 8 hexadecimal digits
 * @param emulated        true if it is an emulation in software, not a certified device
 * @param state           state by name: OFFLINE, LOCKED, SELF_TEST, OPERATIONAL, DRAINING, FAILED or END_OF_LIFE
 * @param sentence        why, in one sentence
 * @param channelsTotal   how many channels it has
 * @param channelsInUse   how many of them are in use
 * @param keyGroups       numbers of its key groups
 * @param exchanges       exchanges since the module came
 * @param movedIn         channels that moved to it from other modules
 * @param movedOut        channels that moved from it to other modules
 * @param lost            sessions that were lost with it
 * @param version         version of the module, 0..FF, as in the ATR of its channels; 0 if it is not told
 * @param operationsUsed  how many operations of its lifetime are used up; 0 if it has no such limit
 * @param operationsTotal how many operations its lifetime has; 0 if it has no such limit
 * @param times           how long exchanges took since the module came
 */
public record ModuleReport(String name, String kind, String serialNumber, boolean emulated, String state, String sentence,
        int channelsTotal, int channelsInUse, Set<Integer> keyGroups, long exchanges, long movedIn, long movedOut, long lost,
        int version, long operationsUsed, long operationsTotal, ExchangeTimes times) {

    /** Keeps a copy of the set. */
    public ModuleReport {
        Objects.requireNonNull(times, "times");
        keyGroups = Set.copyOf(keyGroups);
    }

    /**
     * Reports on a module that tells neither its version nor a lifetime, and of which no exchange was timed.
     *
     * @param name          as above
     * @param kind          as above
     * @param serialNumber  as above
     * @param emulated      as above
     * @param state         as above
     * @param sentence      as above
     * @param channelsTotal as above
     * @param channelsInUse as above
     * @param keyGroups     as above
     * @param exchanges     as above
     * @param movedIn       as above
     * @param movedOut      as above
     * @param lost          as above
     */
    public ModuleReport(String name, String kind, String serialNumber, boolean emulated, String state, String sentence,
            int channelsTotal, int channelsInUse, Set<Integer> keyGroups, long exchanges, long movedIn, long movedOut, long lost) {
        this(name, kind, serialNumber, emulated, state, sentence, channelsTotal, channelsInUse, keyGroups, exchanges, movedIn,
                movedOut, lost, 0, 0, 0, ExchangeTimes.NONE);
    }
}
