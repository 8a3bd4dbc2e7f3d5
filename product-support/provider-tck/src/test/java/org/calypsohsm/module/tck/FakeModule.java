package org.calypsohsm.module.tck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;

/** A module that is right but for one fault. */
final class FakeModule implements SecurityModule {

    /** What a module can have wrong. */
    enum Fault {
        NONE, OTHER_NAME, NOT_OPERATIONAL, NO_SENTENCE, SLOW_STATUS, OTHER_GROUPS, WRONG_REASON, RESERVES_REFUSED, NAMELESS_MESSAGE,
        SHORT_ATR, SHARED_ATR, ONE_TOO_MANY, ONE_TOO_FEW, RACE, COUNTS_CLOSE_TWICE, CLOSE_THROWS, FORGETS_DIVERSIFIER, SHARED_STATE,
        SHARED_CHALLENGE, THROWS_ON_BAD_STATE, SELF_TEST_FAILS, SELF_TEST_RESETS, ANSWERS_WHILE_LOCKED, OPENS_WHILE_LOCKED,
        THROWS_ON_EMPTY,
        NO_ANSWER, CHANGES_COMMAND, LEAKS_THREAD, LEAKS_MODULE, HANGS
    }

    static final int CHANNELS = 20;
    private static final int SERIAL = 0xC0FFEE01;
    private static final List<Object> KEPT = new ArrayList<>();

    private final byte[] atr = SamForm.HSM_C1.atr(SERIAL, 5);
    private final Fault fault;
    private final ModuleInfo info;
    private final AtomicInteger inUse = new AtomicInteger();
    private final Random random = new Random();
    private final List<FakeChannel> channels = new ArrayList<>();
    private volatile boolean locked;
    private byte[] sharedChallenge;

    FakeModule(String name, Fault fault) {
        this.fault = fault;
        info = new ModuleInfo(fault == Fault.OTHER_NAME ? "fake" : name, "Fake", SERIAL, 5, CHANNELS, true);
        if (fault == Fault.LEAKS_MODULE) {
            KEPT.add(this);
        }
        if (fault == Fault.LEAKS_THREAD) {
            Thread thread = new Thread(LockSupport::park, "leaked");
            thread.setDaemon(true);
            thread.start();
        }
    }

    void lock(boolean now) {
        locked = now;
    }

    @Override
    public ModuleInfo info() {
        return info;
    }

    @Override
    public ModuleStatus status() {
        if (fault == Fault.SLOW_STATUS) {
            LockSupport.parkNanos(20_000);
        }
        if (fault == Fault.NOT_OPERATIONAL) {
            return new ModuleStatus(ModuleState.SELF_TEST, "It is not ready yet.");
        }
        return locked ? new ModuleStatus(ModuleState.LOCKED, "It is locked.")
                : new ModuleStatus(ModuleState.OPERATIONAL, fault == Fault.NO_SENTENCE ? "ok" : "It is well.");
    }

    @Override
    public Set<Integer> keyGroups() {
        return fault == Fault.OTHER_GROUPS ? Set.of(0, 4) : Set.of(0, 3);
    }

    @Override
    public int channelsInUse() {
        return inUse.get();
    }

    @Override
    public ModuleStatus selfTest() {
        if (fault == Fault.SELF_TEST_RESETS) {
            channels.forEach(channel -> channel.diversifier = null);
        }
        return fault == Fault.SELF_TEST_FAILS ? new ModuleStatus(ModuleState.FAILED, "It failed.") : status();
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        return resume(keyGroup, ChannelState.AFTER_RESET);
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        String me = fault == Fault.NAMELESS_MESSAGE ? "The module" : "Module " + info.name();
        if (locked && fault != Fault.OPENS_WHILE_LOCKED) {
            throw new ModuleException(Reason.NOT_SERVING, me + " is locked.");
        }
        if (keyGroup != 0 && keyGroup != 3) {
            if (fault == Fault.RESERVES_REFUSED) {
                inUse.incrementAndGet();
            }
            throw new ModuleException(fault == Fault.WRONG_REASON ? Reason.FAILED : Reason.UNKNOWN_KEY_GROUP, me
                    + " has no such key group.");
        }
        if (state.diversifier() != null && state.diversifier().length != 4 && state.diversifier().length != 8) {
            if (fault == Fault.THROWS_ON_BAD_STATE) {
                throw new IllegalArgumentException("bad diversifier");
            }
            throw new ModuleException(Reason.STATE_REFUSED, me + " refuses the state.");
        }
        int limit = CHANNELS + (fault == Fault.ONE_TOO_MANY ? 1 : fault == Fault.ONE_TOO_FEW ? -1 : 0);
        if (fault == Fault.RACE) {
            if (inUse.get() >= limit) {
                throw new ModuleException(Reason.FULL, me + " is full.");
            }
            Thread.yield();
            LockSupport.parkNanos(1000);
            inUse.incrementAndGet();
        } else if (inUse.getAndUpdate(before -> before >= limit ? before : before + 1) >= limit) {
            throw new ModuleException(Reason.FULL, me + " is full.");
        }
        FakeChannel channel = new FakeChannel(state);
        if (fault == Fault.SELF_TEST_RESETS) {
            channels.add(channel);
        }
        return channel;
    }

    private final class FakeChannel implements ModuleChannel {

        private final AtomicBoolean closed = new AtomicBoolean();
        private byte[] diversifier;
        private byte[] outgoing;
        private byte[] incoming;

        FakeChannel(ChannelState state) {
            diversifier = fault == Fault.FORGETS_DIVERSIFIER ? null : copy(state.diversifier());
            outgoing = copy(state.outgoingChallenge());
            incoming = copy(state.incomingChallenge());
        }

        private byte[] copy(byte[] bytes) {
            return bytes == null || fault == Fault.SHARED_STATE ? bytes : bytes.clone();
        }

        @Override
        public byte[] atr() {
            byte[] given = fault == Fault.SHARED_ATR ? atr : atr.clone();
            return fault == Fault.SHORT_ATR ? Arrays.copyOf(given, 18) : given;
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            if (locked && fault != Fault.ANSWERS_WHILE_LOCKED) {
                throw new ModuleException(Reason.NOT_SERVING, "Module " + info.name() + " is locked.");
            }
            if (command.length < 5 || command.length > 261) {
                if (fault == Fault.THROWS_ON_EMPTY && command.length == 0) {
                    throw new ArrayIndexOutOfBoundsException();
                }
                while (fault == Fault.HANGS && command.length > 60_000 && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
                return new byte[] {0x67, 0};
            }
            if (fault == Fault.CHANGES_COMMAND) {
                command[0] = 0;
            }
            byte[] data = command.length == 13 && command[4] == 8 ? Arrays.copyOfRange(command, 5, 13) : null;
            switch (command[1] & 0xFF) {
                case 0x84 -> {
                    outgoing = new byte[8];
                    random.nextBytes(outgoing);
                    if (fault == Fault.SHARED_CHALLENGE) {
                        sharedChallenge = sharedChallenge == null ? outgoing : sharedChallenge;
                        outgoing = sharedChallenge;
                    }
                    byte[] answer = Arrays.copyOf(outgoing, 10);
                    answer[8] = (byte) 0x90;
                    return answer;
                }
                case 0x14 -> diversifier = data == null ? diversifier : data;
                case 0x86 -> incoming = data == null ? incoming : data;
                default -> {
                    return fault == Fault.NO_ANSWER ? new byte[0] : new byte[] {0x6D, 0};
                }
            }
            return data == null ? new byte[] {0x67, 0} : new byte[] {(byte) 0x90, 0};
        }

        @Override
        public ChannelState idleState() {
            return new ChannelState(copy(diversifier), copy(outgoing), copy(incoming), false);
        }

        @Override
        public void close() {
            boolean first = closed.compareAndSet(false, true);
            if (!first && fault == Fault.CLOSE_THROWS) {
                throw new IllegalStateException("closed");
            }
            if (first || fault == Fault.COUNTS_CLOSE_TWICE) {
                inUse.decrementAndGet();
            }
        }
    }
}
