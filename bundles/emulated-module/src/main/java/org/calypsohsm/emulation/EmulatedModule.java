package org.calypsohsm.emulation;

import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;

/** A bank of virtual SAM-S1 in software: a limit, key groups, and a check of the SAM before the first channel. */
public class EmulatedModule implements SecurityModule {

    private static final int ATR_LENGTH = 19;
    private static final int CHALLENGE = 8;

    private final ModuleInfo info;
    private final SamForm form;
    private final Set<Integer> configuredGroups;
    private final KeyStore keyStore;
    private final SamEmulation emulation;
    private final AtomicInteger inUse = new AtomicInteger();
    private volatile ModuleStatus status;

    /**
     * Makes the module and tests it.
     *
     * @param info       what does not change
     * @param form       form of its virtual SAM-S1
     * @param keyGroups  numbers of the key groups that it serves; none means all of the key store
     * @param keyStore   where the key groups are
     * @param emulation  makes the virtual SAM-S1
     */
    public EmulatedModule(ModuleInfo info, SamForm form, int[] keyGroups, KeyStore keyStore, SamEmulation emulation) {
        this.info = info;
        this.form = form;
        this.configuredGroups = new TreeSet<>();
        Arrays.stream(keyGroups).forEach(configuredGroups::add);
        this.keyStore = keyStore;
        this.emulation = emulation;
        this.status = new ModuleStatus(ModuleState.SELF_TEST, "It tests its virtual SAM-S1.");
        this.status = test();
    }

    private ModuleStatus test() {
        for (int number : keyGroups()) {
            String fault;
            try {
                fault = faultOf(number);
            } catch (ModuleException | RuntimeException e) {
                fault = e + ".";
            }
            if (fault != null) {
                return new ModuleStatus(ModuleState.FAILED, "The self test failed in key group " + number + ": " + fault);
            }
        }
        return new ModuleStatus(ModuleState.OPERATIONAL, "It serves the key groups " + keyGroups() + ".");
    }

    private String faultOf(int keyGroup) throws ModuleException {
        ModuleChannel sam = sam(keyStore.keyGroup(keyGroup), ChannelState.AFTER_RESET);
        try {
            return faultOf(sam);
        } finally {
            sam.close();
        }
    }

    private String faultOf(ModuleChannel sam) throws ModuleException {
        if (sam.atr().length != ATR_LENGTH) {
            return "the ATR has " + sam.atr().length + " bytes instead of " + ATR_LENGTH + ".";
        }
        byte cla = (byte) (form == SamForm.S1D ? 0x94 : 0x80);
        byte[] getChallenge = {cla, (byte) 0x84, 0, 0, CHALLENGE};
        byte[] first = sam.exchange(getChallenge);
        byte[] second = sam.exchange(getChallenge);
        for (byte[] response : new byte[][] {first, second}) {
            if (response.length != CHALLENGE + 2 || StatusWord.of(response) != StatusWord.OK) {
                return "Get Challenge answered " + response.length + " bytes, " + StatusWord.describe(StatusWord.of(response)) + ".";
            }
        }
        return Arrays.equals(first, second) ? "two challenges are the same." : null;
    }

    private ModuleChannel sam(KeyGroup keyGroup, ChannelState state) {
        return emulation.create(form, info.serialNumber(), info.version(), keyGroup, state);
    }

    @Override
    public final ModuleInfo info() {
        return info;
    }

    @Override
    public ModuleStatus status() {
        return status;
    }

    @Override
    public final Set<Integer> keyGroups() {
        Set<Integer> groups = new TreeSet<>(keyStore.keyGroups());
        if (!configuredGroups.isEmpty()) {
            groups.retainAll(configuredGroups);
        }
        return groups;
    }

    @Override
    public final int channelsInUse() {
        return inUse.get();
    }

    @Override
    public final ModuleChannel open(int keyGroup) throws ModuleException {
        return resume(keyGroup, ChannelState.AFTER_RESET);
    }

    @Override
    public final ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        ModuleStatus now = status();
        if (now.state() != ModuleState.OPERATIONAL) {
            throw new ModuleException(ModuleException.Reason.NOT_SERVING,
                    "Module " + info.name() + " is " + now.state() + ": " + now.sentence());
        }
        KeyGroup group = configuredGroups.isEmpty() || configuredGroups.contains(keyGroup) ? keyStore.keyGroup(keyGroup) : null;
        if (group == null) {
            throw new ModuleException(ModuleException.Reason.UNKNOWN_KEY_GROUP,
                    "Module " + info.name() + " has no key group " + keyGroup + ", only " + keyGroups() + ".");
        }
        if (!take()) {
            throw new ModuleException(ModuleException.Reason.FULL,
                    "All " + info.channelsTotal() + " channels of module " + info.name() + " are in use.");
        }
        try {
            return new LimitedChannel(sam(group, state));
        } catch (RuntimeException e) {
            inUse.decrementAndGet();
            throw new ModuleException(ModuleException.Reason.FAILED,
                    "Module " + info.name() + " could not make a virtual SAM-S1: " + e + ".", e);
        }
    }

    private boolean take() {
        int before;
        do {
            before = inUse.get();
            if (before >= info.channelsTotal()) {
                return false;
            }
        } while (!inUse.compareAndSet(before, before + 1));
        return true;
    }

    /**
     * Called before each exchange; a module with limits of its own refuses here.
     *
     * @throws ModuleException if the exchange must not take place
     */
    protected void beforeExchange() throws ModuleException {
        // No limit but the number of channels.
    }

    /** Gives its place back when it is closed, once. */
    private final class LimitedChannel implements ModuleChannel {

        private final ModuleChannel sam;
        private boolean closed;

        LimitedChannel(ModuleChannel sam) {
            this.sam = Objects.requireNonNull(sam, "no SAM");
        }

        @Override
        public byte[] atr() {
            return sam.atr();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            beforeExchange();
            return sam.exchange(command);
        }

        @Override
        public CompletionStage<Void> pendingCommit() {
            return sam.pendingCommit();
        }

        @Override
        public ChannelState idleState() {
            return sam.idleState();
        }

        @Override
        public synchronized void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                sam.close();
            } finally {
                inUse.decrementAndGet();
            }
        }
    }
}
