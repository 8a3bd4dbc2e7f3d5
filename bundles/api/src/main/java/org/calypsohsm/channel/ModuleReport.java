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
 */
public record ModuleReport(String name, String kind, String serialNumber, boolean emulated, String state, String sentence,
        int channelsTotal, int channelsInUse, Set<Integer> keyGroups, long exchanges, long movedIn, long movedOut, long lost) {

    /** Keeps a copy of the set. */
    public ModuleReport {
        keyGroups = Set.copyOf(keyGroups);
    }
}
