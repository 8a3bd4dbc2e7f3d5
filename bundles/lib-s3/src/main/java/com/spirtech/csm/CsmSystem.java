package com.spirtech.csm;

import java.util.List;

import org.calypsohsm.libs3.supply.Supply;
import org.calypsohsm.libs3.supply.SupplyException;

/**
 * The library: initialize it, list the security modules, open channels on them, and free it at the end. Any thread may call
 * any of it.
 */
public final class CsmSystem {

    private static final CsmSystem INSTANCE = new CsmSystem();

    private volatile CsmSession session;

    private CsmSystem() {
    }

    /** @return the library */
    public static CsmSystem getInstance() {
        return INSTANCE;
    }

    /**
     * Finds the channel manager, and waits until a module serves, for a time that is configured. Done again, it is harmless.
     *
     * @throws CsmException if there is no channel manager
     */
    public synchronized void Initialize() throws CsmException {
        if (session != null) {
            return;
        }
        try {
            session = new CsmSession(Supply.find());
        } catch (SupplyException e) {
            throw new CsmException(CsmException.NO_CHANNEL_MANAGER, e.getMessage(), e);
        } catch (InterruptedException e) {
            throw CsmException.interrupted("looked for the channel manager", e);
        }
    }

    /**
     * Closes all channels that are still open, and what {@link #Initialize()} began. Harmless if that failed or was not called.
     *
     * @throws CsmException if the channels are closed, but the channel manager outside the container did not end cleanly
     */
    public synchronized void Free() throws CsmException {
        CsmSession ending = session;
        session = null;
        if (ending != null) {
            ending.close();
        }
    }

    /**
     * Lists the security modules that are present now.
     *
     * @return one entry for each, in the order of their names, in whatever state it is; none if there is no module
     * @throws CsmException if the library is not initialized, or the channel manager has gone
     */
    public List<Csm> getCsmList() throws CsmException {
        CsmSession current = session;
        if (current == null) {
            throw CsmSession.notInitialized();
        }
        return current.modules();
    }
}
