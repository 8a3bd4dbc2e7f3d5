package org.calypsohsm.manager;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;

/** A module that does as it is told, and notices what a channel manager must not do. */
final class FakeModule implements SecurityModule {

    /** What happens in place of an exchange, or before it. */
    interface Script {
        /** @return the response; {@link FakeModule#CARRY_OUT} carries the command out */
        byte[] run(byte[] command) throws ModuleException;
    }

    /** What happens before a channel opens. */
    interface OpenScript {
        void run() throws ModuleException;
    }

    /** How many channels may be open for a key group. */
    static final class Quota {

        final int keyGroup;
        final AtomicInteger inUse = new AtomicInteger();
        final AtomicInteger refusals = new AtomicInteger();
        volatile int limit;

        Quota(int keyGroup, int limit) {
            this.keyGroup = keyGroup;
            this.limit = limit;
        }

        private synchronized boolean take(boolean moves) {
            if (!moves && inUse.get() >= limit) {
                refusals.incrementAndGet();
                return false;
            }
            inUse.incrementAndGet();
            return true;
        }
    }

    static final byte[] CARRY_OUT = new byte[0];

    final Set<FakeChannel> open = ConcurrentHashMap.newKeySet();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger exchanges = new AtomicInteger();
    /** Calls that came after {@link #deactivate()}, or were still in the module then. */
    final AtomicInteger lateCalls = new AtomicInteger();
    /** Calls of one channel by two threads at once. */
    final AtomicInteger overlaps = new AtomicInteger();

    volatile Script exchangeScript = command -> CARRY_OUT;
    volatile OpenScript openScript = () -> { };
    volatile OpenScript resumeScript = () -> { };
    volatile Runnable statusScript = () -> { };
    volatile Runnable selfTestScript = () -> { };
    volatile Runnable closeScript = () -> { };
    /** The quota of a key group; modules may share it. Null for none. */
    volatile Quota quota;
    /** What holds the next responses back; null holds none back. */
    volatile CompletableFuture<Void> commit;
    volatile boolean givesNull;
    volatile boolean hidesAtr;
    volatile boolean hidesIdleState;
    volatile long operationsUsed;

    private final ModuleInfo info;
    private final AtomicInteger inside = new AtomicInteger();
    private volatile Set<Integer> keyGroups;
    private volatile ModuleStatus status = new ModuleStatus(ModuleState.OPERATIONAL, "It serves.");
    private volatile boolean deactivated;

    FakeModule(String name, int channels, Integer... keyGroups) {
        this.info = new ModuleInfo(name, "FAKE", name.hashCode(), 1, channels, true);
        this.keyGroups = keyGroups.length == 0 ? Set.of(0) : Set.of(keyGroups);
    }

    void become(ModuleState state, String sentence) {
        status = new ModuleStatus(state, sentence);
    }

    void serve(Integer... groups) {
        keyGroups = Set.of(groups);
    }

    /** What a component does when it is deactivated: from now on each call is one too many. */
    void deactivate() {
        deactivated = true;
        lateCalls.addAndGet(inside.get());
    }

    private void enter() {
        inside.incrementAndGet();
        if (deactivated) {
            lateCalls.incrementAndGet();
        }
    }

    private void leave() {
        inside.decrementAndGet();
    }

    @Override
    public ModuleInfo info() {
        return info;
    }

    @Override
    public long operationsUsed() {
        return operationsUsed;
    }

    @Override
    public ModuleStatus status() {
        enter();
        try {
            statusScript.run();
            return status;
        } finally {
            leave();
        }
    }

    @Override
    public Set<Integer> keyGroups() {
        return keyGroups;
    }

    @Override
    public int channelsInUse() {
        return open.size();
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        return open(keyGroup, openScript, ChannelState.AFTER_RESET, false);
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        return open(keyGroup, resumeScript, state, true);
    }

    private ModuleChannel open(int keyGroup, OpenScript script, ChannelState state, boolean moves) throws ModuleException {
        enter();
        try {
            script.run();
            if (givesNull) {
                return null;
            }
            if (status.state() != ModuleState.OPERATIONAL) {
                throw new ModuleException(ModuleException.Reason.NOT_SERVING, info.name() + " does not serve.");
            }
            Quota counted = quota != null && quota.keyGroup == keyGroup ? quota : null;
            if (counted != null && !counted.take(moves)) {
                throw new ModuleException(ModuleException.Reason.FULL, "Module " + info.name() + ": key group " + keyGroup
                        + " has its " + counted.limit + " channels in use (quota).");
            }
            FakeChannel channel = new FakeChannel(state, counted);
            open.add(channel);
            if (open.size() > info.channelsTotal()) {
                open.remove(channel);
                throw new ModuleException(ModuleException.Reason.FULL, info.name() + " is full.");
            }
            opened.incrementAndGet();
            return channel;
        } finally {
            leave();
        }
    }

    @Override
    public ModuleStatus selfTest() {
        enter();
        try {
            selfTestScript.run();
            return status;
        } finally {
            leave();
        }
    }

    /** A channel of the module. */
    final class FakeChannel implements ModuleChannel {

        private final AtomicInteger callers = new AtomicInteger();
        private byte[] selected;
        private boolean session;

        private final Quota counted;

        private FakeChannel(ChannelState state, Quota counted) {
            this.counted = counted;
            selected = state.diversifier();
        }

        @Override
        public byte[] atr() {
            return hidesAtr ? null : ByteBuffer.allocate(19).putInt(info.serialNumber()).array();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            enter();
            if (callers.getAndIncrement() != 0) {
                overlaps.incrementAndGet();
            }
            try {
                byte[] response = exchangeScript.run(command);
                if (response != CARRY_OUT) {
                    return response;
                }
                exchanges.incrementAndGet();
                return carryOut(command);
            } finally {
                callers.decrementAndGet();
                leave();
            }
        }

        private byte[] carryOut(byte[] command) {
            switch (command[1] & 0xFF) {
                case Apdus.SELECT_INS:
                    selected = new byte[] {command[5], command[6], command[7], command[8]};
                    return status(0x9000);
                case Apdus.READ_INS:
                    return ByteBuffer.allocate(6).put(selected == null ? new byte[4] : selected).putShort((short) 0x9000).array();
                case Apdus.BEGIN_INS:
                    session = true;
                    return status(0x9000);
                case Apdus.UPDATE_INS:
                    return status(session ? 0x9000 : 0x6985);
                case Apdus.END_INS:
                    byte[] response = status(session ? 0x9000 : 0x6985);
                    session = false;
                    return response;
                default:
                    return status(0x6D00);
            }
        }

        private byte[] status(int statusWord) {
            return new byte[] {(byte) (statusWord >> 8), (byte) statusWord};
        }

        @Override
        public CompletionStage<Void> pendingCommit() {
            return commit;
        }

        @Override
        public ChannelState idleState() {
            enter();
            try {
                if (hidesIdleState) {
                    throw new IllegalStateException("It does not say.");
                }
                return session ? null : new ChannelState(selected, null, null, false);
            } finally {
                leave();
            }
        }

        @Override
        public boolean inSession() {
            if (hidesIdleState) {
                throw new IllegalStateException("It does not say.");
            }
            return session;
        }

        @Override
        public void close() {
            enter();
            try {
                closeScript.run();
                if (open.remove(this) && counted != null) {
                    counted.inUse.decrementAndGet();
                }
            } finally {
                leave();
            }
        }
    }
}
