package org.calypsohsm.channel;

import java.util.Set;

/**
 * What a deployer sees of a module.
 *
 * @param name          name of the module
 * @param kind          kind of module, as in {@code "PCI-S3"}
 * @param serialNumber  serial number, 8 hexadecimal digits
 * @param emulated      true if it is an emulation in software, not a certified device
 * @param state         state by name: OFFLINE, LOCKED, SELF_TEST, OPERATIONAL, DRAINING, FAILED or END_OF_LIFE
 * @param sentence      why, in one sentence
 * @param channelsTotal how many channels it has
 * @param channelsInUse how many of them are in use
 * @param keyGroups     numbers of its key groups
 * @param exchanges     exchanges since the module came
 * @param movedIn       channels that moved to it from other modules
 * @param movedOut      channels that moved from it to other modules
 * @param lost          sessions that were lost with it
 * @param version       version of the module, 0..FF, as in the ATR of its channels; 0 if it is not told (since 1.1)
 */
public record ModuleReport(String name, String kind, String serialNumber, boolean emulated, String state, String sentence,
        int channelsTotal, int channelsInUse, Set<Integer> keyGroups, long exchanges, long movedIn, long movedOut, long lost,
        int version) {

    /** Keeps a copy of the set. */
    public ModuleReport {
        keyGroups = Set.copyOf(keyGroups);
    }

    /**
     * Makes a report that does not tell the version of the module.
     *
     * @param name          name of the module
     * @param kind          kind of module
     * @param serialNumber  serial number, 8 hexadecimal digits
     * @param emulated      true if it is an emulation in software
     * @param state         state by name
     * @param sentence      why, in one sentence
     * @param channelsTotal how many channels it has
     * @param channelsInUse how many of them are in use
     * @param keyGroups     numbers of its key groups
     * @param exchanges     exchanges since the module came
     * @param movedIn       channels that moved to it
     * @param movedOut      channels that moved from it
     * @param lost          sessions that were lost with it
     */
    public ModuleReport(String name, String kind, String serialNumber, boolean emulated, String state, String sentence,
            int channelsTotal, int channelsInUse, Set<Integer> keyGroups, long exchanges, long movedIn, long movedOut, long lost) {
        this(name, kind, serialNumber, emulated, state, sentence, channelsTotal, channelsInUse, keyGroups, exchanges, movedIn,
                movedOut, lost, 0);
    }
}
