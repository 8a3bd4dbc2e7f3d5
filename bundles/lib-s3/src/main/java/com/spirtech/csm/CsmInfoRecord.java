package com.spirtech.csm;

import org.calypsohsm.channel.ModuleReport;

/** What does not change while a security module lives. */
public final class CsmInfoRecord {

    /** What is recorded of a module here; the vendor's numbering is not public. */
    private static final int STRUCTURE_VERSION = 1;

    /** Version of the module, 0..FF: byte 10 of the ATR of its channels. */
    public final int fCsmVersion;
    /** Serial number: bytes 12 to 15 of the ATR of its channels. */
    public final int fSerialNumber;

    private final int channelsTotal;

    CsmInfoRecord(ModuleReport report) {
        fCsmVersion = report.version();
        fSerialNumber = Integer.parseUnsignedInt(report.serialNumber(), 16);
        channelsTotal = report.channelsTotal();
    }

    /** @return the serial number, 4 bytes as one number */
    public int getSerialNumber() {
        return fSerialNumber;
    }

    /** @return the version of the module, 0..FF */
    public int getCsmVersion() {
        return fCsmVersion;
    }

    /** @return the version of this record's structure, 1 */
    public int getStructureVersion() {
        return STRUCTURE_VERSION;
    }

    /** @return how many channels the module has */
    public int getChannelsTotal() {
        return channelsTotal;
    }
}
