package org.calypsohsm.libs3;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import com.spirtech.csm.Csm;
import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmException;
import com.spirtech.csm.CsmKeyInfo;
import com.spirtech.csm.CsmSystem;

/** Calls the library in the order in which its public callers do, and knows nothing else of the platform. */
final class Server {

    private final CsmSystem system = CsmSystem.getInstance();
    private final Map<Integer, List<Csm>> modules = new TreeMap<>();

    Server() throws CsmException {
        try {
            system.Initialize();
        } catch (CsmException e) {
            system.Free();
            throw e;
        }
        for (Csm csm : system.getCsmList()) {
            for (CsmKeyInfo key : csm.getKeyList()) {
                List<Csm> list = modules.computeIfAbsent(key.getKeyGroup(), group -> new ArrayList<>());
                if (!list.contains(csm)) {
                    list.add(csm);
                }
            }
        }
    }

    Set<Integer> groups() {
        return modules.keySet();
    }

    /** Like the public callers it gives up at the first module, though it has a list. */
    CsmChannel allocate(String group) throws CsmException {
        int keyGroup = group == null ? 0 : Integer.parseInt(group);
        CsmChannel channel = modules.get(keyGroup).get(0).channelOpen(keyGroup);
        if (channel == null) {
            throw new IllegalStateException("No channel is free at the moment.");
        }
        return channel;
    }

    String name(CsmChannel channel) {
        return channel.getCsm().toString() + " Ch. #" + channel.getId();
    }

    void free() throws CsmException {
        system.Free();
    }

    static byte[] atr(CsmChannel channel) throws CsmException {
        int serial = channel.getCsm().getInfos().fSerialNumber;
        return new byte[] {0x3B, 0x3F, (byte) 0x96, 0, (byte) 0x80, 0x5A, 0, (byte) 0x80, (byte) 0xC1, 0x08,
            (byte) channel.getCsm().getInfos().fCsmVersion, 0, (byte) (serial >> 24), (byte) (serial >> 16), (byte) (serial >> 8),
            (byte) serial, (byte) 0x82, (byte) 0x90, 0};
    }
}
