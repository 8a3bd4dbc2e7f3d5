package com.spirtech.csm;

import java.util.List;
import java.util.Set;

import org.calypsohsm.channel.ModuleReport;

/** A security module: one PCI-S3 or SAM-S20. It stays the same object while the module goes and comes back. */
public final class Csm {

    private final CsmSession session;
    private final String name;
    private final CsmInfoRecord infos;
    /** The last ones that the module told while it served. */
    private volatile Set<Integer> keyGroups = Set.of();

    Csm(CsmSession session, ModuleReport report) {
        this.session = session;
        name = report.name();
        infos = new CsmInfoRecord(report);
        note(report);
    }

    /** Remembers key groups for the time when the module is gone, or waits for its keys. */
    Csm note(ModuleReport report) {
        if (!report.keyGroups().isEmpty()) {
            keyGroups = report.keyGroups();
        }
        return this;
    }

    /** Tells whether the module has a key group, or had it before it went or was locked. */
    boolean had(int keyGroup) {
        return keyGroups.contains(keyGroup);
    }

    boolean is(String module, int serialNumber) {
        return name.equals(module) && hasSerialNumber(serialNumber);
    }

    boolean hasSerialNumber(int serialNumber) {
        return infos.fSerialNumber == serialNumber;
    }

    /**
     * Tells what the module is.
     *
     * @return serial number, version, and number of channels; they stay known when the module has gone
     * @throws CsmException if the library is not initialized
     */
    public CsmInfoRecord getInfos() throws CsmException {
        session.checkOpen();
        return infos;
    }

    /**
     * Lists the key groups of the module, in the order of their numbers.
     *
     * @return one entry for each; none while the module waits for its keys
     * @throws CsmException if the module has gone, or the library is not initialized
     */
    public List<CsmKeyInfo> getKeyList() throws CsmException {
        return session.keyGroups(this).stream().sorted().map(CsmKeyInfo::new).toList();
    }

    /**
     * Opens a channel. If this module has none free, or has gone, any other module with the key group serves it: see
     * {@link CsmChannel#getCsm()}.
     *
     * @param keyGroup number of the key group
     * @return the channel, or null if none is free at the moment
     * @throws CsmException {@link CsmException#kHsmErrKeyGroup} if the module has no such key group
     */
    public CsmChannel channelOpen(int keyGroup) throws CsmException {
        return session.open(this, keyGroup);
    }

    /** @return the name of the module */
    @Override
    public String toString() {
        return name;
    }
}
