package org.calypsohsm.emulation;

import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;

/**
 * A bank of virtual SAM-S1 in software: a limit, key groups, and a self test before the first channel. It follows its key
 * store: it is LOCKED or FAILED with it, and tests itself each time it opens. While it does not serve it is mute.
 */
public class EmulatedModule implements SecurityModule {

    private static final int ATR_LENGTH = 19;
    private static final int CHALLENGE = 8;

    private final ModuleInfo info;
    private final SamForm form;
    private final Set<Integer> configuredGroups;
    private final KeyStore keyStore;
    private final SamEmulation emulation;
    private final AtomicInteger inUse = new AtomicInteger();
    /** Held while the module tests itself. */
    private final ReentrantLock testing = new ReentrantLock();
    private KeyStore.Watch watch;
    /** Guards what follows; the moment may be read without it. */
    private final Object change = new Object();
    private volatile Moment moment = new Moment(new ModuleStatus(ModuleState.SELF_TEST, "It waits for its key store."), 0);
    private KeyStoreStatus store;

    /**
     * What an exchange has to know, in one read.
     *
     * @param status  the state
     * @param opening how often the key store has told its state: a test or a key group from before is out of date
     */
    private record Moment(ModuleStatus status, int opening) {

        boolean isOperational() {
            return status.state() == ModuleState.OPERATIONAL;
        }
    }

    /**
     * Makes the module; it is SELF_TEST until {@link #start()}.
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
    }

    /** Begins to follow the key store; the last act of the constructor of a provider, since nothing may fail after it. */
    protected final void start() {
        watch = keyStore.watch(this::follow);
    }

    /** Ends following the key store; what a provider does when it is deactivated. */
    protected final void close() {
        watch.close();
    }

    private void follow(KeyStoreStatus now) {
        synchronized (change) {
            store = now;
            // At once, also while a test is running: from now on it is mute.
            moment = new Moment(now.isOpen() ? new ModuleStatus(ModuleState.SELF_TEST, "It tests its virtual SAM-S1.")
                    : without(now), moment.opening() + 1);
        }
        if (now.isOpen()) {
            selfTest();
        }
    }

    private static ModuleStatus without(KeyStoreStatus store) {
        return store.state() == KeyStoreStatus.State.LOCKED
                ? new ModuleStatus(ModuleState.LOCKED, store.sentence())
                : new ModuleStatus(ModuleState.FAILED, "Its key store has failed: " + store.sentence());
    }

    /**
     * Tests the module again, unless its key store is not open: then it stays as it is. A module that serves goes on serving
     * meanwhile. One test runs at a time; who comes meanwhile waits, and tests then.
     *
     * @return the state afterwards
     */
    @Override
    public final ModuleStatus selfTest() {
        testing.lock();
        try {
            int before;
            synchronized (change) {
                before = moment.opening();
                if (store == null || !store.isOpen()) {
                    return status();
                }
            }
            ModuleStatus result = testResult();
            synchronized (change) {
                if (before == moment.opening()) {
                    moment = new Moment(result, before);
                }
            }
            return status();
        } finally {
            testing.unlock();
        }
    }

    private ModuleStatus testResult() {
        Set<Integer> groups = keyGroups();
        for (int number : groups) {
            String fault;
            try {
                fault = faultOf(number);
            } catch (ModuleException | RuntimeException | Error e) {
                // Errors too: an emulation whose bundle was updated throws NoClassDefFoundError.
                fault = e instanceof IllegalStateException && e.getMessage() != null ? e.getMessage() : e + ".";
            }
            if (fault != null) {
                return new ModuleStatus(ModuleState.FAILED, "The self test failed in key group " + number + ": " + fault);
            }
        }
        return new ModuleStatus(ModuleState.OPERATIONAL, "It has passed its self test with the key groups " + groups + ".");
    }

    private String faultOf(int number) throws ModuleException {
        KeyGroup keyGroup = keyStore.keyGroup(number);
        if (keyGroup == null) {
            // It was deleted meanwhile.
            return null;
        }
        emulation.selfTest(keyGroup);
        ModuleChannel sam = sam(keyGroup, ChannelState.AFTER_RESET);
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
        return moment.status();
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
        return open(keyGroup, ChannelState.AFTER_RESET, false);
    }

    @Override
    public final ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        return open(keyGroup, state, true);
    }

    private ModuleChannel open(int keyGroup, ChannelState state, boolean overQuota) throws ModuleException {
        // Before all else: what changes from here on makes the channel out of date.
        int opening = moment.opening();
        ModuleStatus now = status();
        if (now.state() != ModuleState.OPERATIONAL) {
            throw new ModuleException(ModuleException.Reason.NOT_SERVING, sentence(now));
        }
        KeyGroup group = keyGroup(keyGroup);
        if (!take()) {
            throw new ModuleException(ModuleException.Reason.FULL,
                    "All " + info.channelsTotal() + " channels of module " + info.name() + " are in use.");
        }
        boolean counted = false;
        ModuleChannel opened = null;
        try {
            counted = group.takeChannel(overQuota);
            if (!counted) {
                throw new ModuleException(ModuleException.Reason.FULL, "Module " + info.name() + ": key group " + keyGroup
                        + " has its " + group.channelQuota() + " channels in use (quota).");
            }
            opened = new LimitedChannel(sam(group, state), group, opening);
            return opened;
        } catch (RuntimeException e) {
            throw new ModuleException(ModuleException.Reason.FAILED,
                    "Module " + info.name() + " could not make a virtual SAM-S1: " + e + ".", e);
        } finally {
            if (opened == null) {
                giveBack(counted ? group : null);
            }
        }
    }

    private KeyGroup keyGroup(int number) throws ModuleException {
        KeyGroup group = configuredGroups.isEmpty() || configuredGroups.contains(number) ? keyStore.keyGroup(number) : null;
        if (group == null) {
            throw new ModuleException(ModuleException.Reason.UNKNOWN_KEY_GROUP,
                    "Module " + info.name() + " has no key group " + number + ", only " + keyGroups() + ".");
        }
        return group;
    }

    private String sentence(ModuleStatus now) {
        return "Module " + info.name() + " is " + now.state() + ": " + now.sentence();
    }

    private void giveBack(KeyGroup counted) {
        inUse.decrementAndGet();
        if (counted != null) {
            counted.giveChannel();
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

        private ModuleChannel sam;
        private KeyGroup keyGroup;
        private int opening;
        private boolean closed;

        LimitedChannel(ModuleChannel sam, KeyGroup keyGroup, int opening) {
            this.sam = Objects.requireNonNull(sam, "no SAM");
            this.keyGroup = keyGroup;
            this.opening = opening;
        }

        @Override
        public byte[] atr() {
            return sam.atr();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            Moment now = moment;
            if (!now.isOperational()) {
                throw new ModuleException(now.status().state() == ModuleState.FAILED ? ModuleException.Reason.FAILED
                        : ModuleException.Reason.NOT_SERVING, sentence(now.status()));
            }
            if (now.opening() != opening) {
                renew(now.opening());
            }
            beforeExchange();
            return sam.exchange(command);
        }

        /** Goes on with the keys of a store that was opened anew: those of before were overwritten when it was locked. */
        private synchronized void renew(int now) throws ModuleException {
            ChannelState state = sam.idleState();
            if (state == null) {
                throw new ModuleException(ModuleException.Reason.FAILED, "Module " + info.name()
                        + " cannot go on with the session, since its key store was not open meanwhile.");
            }
            KeyGroup group = keyGroup(keyGroup.number());
            ModuleChannel next = Objects.requireNonNull(sam(group, state), "no SAM");
            group.takeChannel(true);
            keyGroup.giveChannel();
            sam.close();
            sam = next;
            keyGroup = group;
            opening = now;
        }

        @Override
        public CompletionStage<Void> pendingCommit() {
            return sam.pendingCommit();
        }

        @Override
        public boolean inSession() {
            return sam.inSession();
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
                giveBack(keyGroup);
            }
        }
    }
}
