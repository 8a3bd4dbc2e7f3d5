package org.calypsohsm.libs3;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;

/** A module whose channels answer each command with the command and 9000. */
public final class TestModule implements SecurityModule {

    final AtomicInteger open = new AtomicInteger();
    private final ModuleInfo info;
    private volatile Set<Integer> keyGroups;
    private volatile ModuleStatus status = new ModuleStatus(ModuleState.OPERATIONAL, "It serves.");
    /** What whoever opens a channel waits for. */
    volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean inSession;
    private volatile SamForm form = SamForm.HSM_C1;

    public TestModule(String name, int serialNumber, int channels, Integer... keyGroups) {
        info = new ModuleInfo(name, "TEST", serialNumber, 0x23, channels, true);
        this.keyGroups = Set.of(keyGroups);
    }

    void become(ModuleState state, String sentence, Integer... groups) {
        keyGroups = Set.of(groups);
        status = new ModuleStatus(state, sentence);
    }

    void take(SamForm newForm) {
        form = newForm;
    }

    /** Begins a session on each channel. */
    void beginSessions() {
        inSession = true;
    }

    @Override
    public ModuleInfo info() {
        return info;
    }

    @Override
    public ModuleStatus status() {
        return status;
    }

    @Override
    public Set<Integer> keyGroups() {
        return keyGroups;
    }

    @Override
    public int channelsInUse() {
        return open.get();
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new ModuleException(ModuleException.Reason.FAILED, "It was interrupted.", e);
        }
        open.incrementAndGet();
        return new ModuleChannel() {

            @Override
            public byte[] atr() {
                return form.atr(info.serialNumber(), info.version());
            }

            @Override
            public byte[] exchange(byte[] command) {
                byte[] response = Arrays.copyOf(command, command.length + 2);
                response[command.length] = (byte) 0x90;
                return response;
            }

            @Override
            public CompletionStage<Void> pendingCommit() {
                return null;
            }

            @Override
            public ChannelState idleState() {
                return inSession ? null : ChannelState.AFTER_RESET;
            }

            @Override
            public void close() {
                open.decrementAndGet();
            }
        };
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        return open(keyGroup);
    }
}
