package com.spirtech.csm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.libs3.supply.Supply;
import org.calypsohsm.libs3.supply.SupplyException;

/** What there is between Initialize and Free. */
final class CsmSession {

    /** Where things are in an ATR (sam-s1-apdu.md section 1.1). */
    private static final int ATR_SUBTYPE = 8;
    private static final int ATR_SERIAL_NUMBER = 12;
    private static final byte HSM_C1 = (byte) 0xC1;
    /** How many channels of another form are held at most while one is opened. */
    private static final int MOST_UNFIT = 32;

    private final Supply supply;
    /** By name and serial number, so that a module is always the same object. */
    private final Map<List<String>, Csm> modules = new ConcurrentHashMap<>();
    /** The open channels; null when the session is over. Guarded by this. */
    private Set<Channel> channels = new HashSet<>();

    CsmSession(Supply supply) {
        this.supply = supply;
    }

    static CsmException notInitialized() {
        return new CsmException(CsmException.NOT_INITIALIZED, "The library is not initialized, or was freed; call CsmSystem.Initialize(), then getCsmList().");
    }

    synchronized void checkOpen() throws CsmException {
        if (channels == null) {
            throw notInitialized();
        }
    }

    // ---- modules

    List<Csm> modules() throws CsmException {
        return reports().stream().map(this::csm).toList();
    }

    private Csm csm(ModuleReport report) {
        return modules.computeIfAbsent(List.of(report.name(), report.serialNumber()), key -> new Csm(this, report)).note(report);
    }

    private List<ModuleReport> reports() throws CsmException {
        try {
            return ask(ChannelManager::modules);
        } catch (ChannelException e) {
            throw CsmException.of(CsmException.UNAVAILABLE, e);
        }
    }

    private <R> R ask(Supply.Question<R> question) throws CsmException, ChannelException {
        checkOpen();
        try {
            return supply.ask(question);
        } catch (SupplyException e) {
            throw new CsmException(CsmException.NO_CHANNEL_MANAGER, e.getMessage(), e);
        } catch (InterruptedException e) {
            throw CsmException.interrupted("asked the channel manager", e);
        } catch (RuntimeException e) {
            throw new CsmException(CsmException.UNAVAILABLE, "The channel manager failed: " + e.getMessage(), e);
        }
    }

    /** @return the report of a module; null if it has gone */
    private ModuleReport report(Csm csm, List<ModuleReport> reports) {
        return reports.stream().filter(report -> csm(report) == csm).findFirst().orElse(null);
    }

    Set<Integer> keyGroups(Csm csm) throws CsmException {
        ModuleReport report = report(csm, reports());
        if (report == null) {
            throw new CsmException(CsmException.NO_MODULE, "Module " + csm + " is not present any more; call getCsmList() again.");
        }
        return report.keyGroups();
    }

    // ---- channels

    CsmChannel open(Csm csm, int keyGroup) throws CsmException {
        List<ModuleReport> reports = reports();
        ModuleReport report = report(csm, reports);
        boolean serves = report != null && !report.keyGroups().isEmpty();
        if (keyGroup < 0 || !(serves ? report.keyGroups().contains(keyGroup) : csm.had(keyGroup))) {
            throw new CsmException(CsmException.kHsmErrKeyGroup, "Module " + csm + " has no key group " + keyGroup
                    + (report == null || serves ? "." : "; it is " + report.state() + ": " + report.sentence()));
        }
        Channel channel = openFitting(keyGroup);
        if (channel == null) {
            return null;
        }
        keep(channel);
        try {
            return new CsmChannel(moduleOf(channel, csm), channel, () -> end(channel));
        } catch (CsmException | RuntimeException | Error e) {
            end(channel);
            throw e;
        }
    }

    /** @return a channel of the form that servers build an ATR for; null if none is free */
    private Channel openFitting(int keyGroup) throws CsmException {
        // Held until the end, so that the manager gives one of another module next.
        List<Channel> unfit = new ArrayList<>();
        try {
            while (unfit.size() < MOST_UNFIT) {
                // Wherever it is free: a module that is full, is drained or has gone costs the caller nothing.
                Channel channel = openAnywhere(keyGroup);
                if (channel == null && unfit.isEmpty()) {
                    return null;
                }
                if (channel == null) {
                    break;
                }
                byte[] atr = channel.atr();
                if (atr[ATR_SUBTYPE] == HSM_C1) {
                    return channel;
                }
                unfit.add(channel);
            }
            throw new CsmException(CsmException.UNAVAILABLE, "The channels that are free for key group " + keyGroup
                    + " are on module " + unfit.get(0).module() + ", which does not have the form HSM_C1 that servers of this library"
                    + " take each channel for; set form in its configuration.");
        } finally {
            unfit.forEach(Channel::close);
        }
    }

    private Channel openAnywhere(int keyGroup) throws CsmException {
        try {
            return ask(manager -> manager.open(supply.request(keyGroup)));
        } catch (NoChannelFreeException e) {
            return null;
        } catch (UnknownKeyGroupException e) {
            throw CsmException.of(CsmException.kHsmErrKeyGroup, e);
        } catch (ChannelException e) {
            throw CsmException.of(CsmException.UNAVAILABLE, e);
        }
    }

    /** Finds the module that the ATR of a channel was made of: it may have moved already. */
    private Csm moduleOf(Channel channel, Csm asked) throws CsmException {
        int serialNumber = ByteBuffer.wrap(channel.atr()).getInt(ATR_SERIAL_NUMBER);
        String name = channel.module();
        if (asked.is(name, serialNumber)) {
            return asked;
        }
        // Two modules may have the same serial number, so the name counts first.
        List<Csm> known = modules();
        return known.stream().filter(csm -> csm.is(name, serialNumber)).findFirst()
                .or(() -> modules.values().stream().filter(csm -> csm.hasSerialNumber(serialNumber)).findFirst())
                .orElse(asked);
    }

    private void keep(Channel channel) throws CsmException {
        synchronized (this) {
            if (channels != null) {
                channels.add(channel);
                return;
            }
        }
        // Freed meanwhile.
        channel.close();
        throw notInitialized();
    }

    private void end(Channel channel) {
        synchronized (this) {
            if (channels != null) {
                channels.remove(channel);
            }
        }
        channel.close();
    }

    void close() throws CsmException {
        Set<Channel> left;
        synchronized (this) {
            left = channels == null ? Set.of() : channels;
            channels = null;
        }
        left.forEach(Channel::close);
        try {
            supply.close();
        } catch (SupplyException e) {
            throw new CsmException(CsmException.NO_CHANNEL_MANAGER, e.getMessage(), e);
        }
    }
}
