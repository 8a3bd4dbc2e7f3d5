package org.calypsohsm.itest.kit.fault;

import java.util.Set;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;

/** A module of any provider, with the faults that a test injects. Without faults it is as if it were not there. */
final class FaultyModule implements SecurityModule {

    private final SecurityModule module;
    private final ModuleControl control;

    FaultyModule(SecurityModule module, ModuleControl control) {
        this.module = module;
        this.control = control;
    }

    /** How a module makes a channel. */
    @FunctionalInterface
    private interface Opening {

        ModuleChannel channel() throws ModuleException;
    }

    @Override
    public ModuleInfo info() {
        return module.info();
    }

    @Override
    public ModuleStatus status() {
        ModuleStatus faulty = control.status();
        return faulty == null ? module.status() : faulty;
    }

    @Override
    public Set<Integer> keyGroups() {
        return module.keyGroups();
    }

    @Override
    public int channelsInUse() {
        return module.channelsInUse();
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        return opened(() -> module.open(keyGroup));
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        return opened(() -> module.resume(keyGroup, state));
    }

    private ModuleChannel opened(Opening opening) throws ModuleException {
        checkServes();
        int limit = control.limit();
        if (control.channels.incrementAndGet() > limit) {
            control.channels.decrementAndGet();
            throw new ModuleException(ModuleException.Reason.FULL,
                    "All " + limit + " channels of module " + control.name + " are in use (injected fault).");
        }
        ModuleChannel channel = null;
        try {
            channel = opening.channel();
            return new FaultyChannel(this, control, channel);
        } finally {
            if (channel == null) {
                control.channels.decrementAndGet();
            }
        }
    }

    /** A module that does not serve is mute, as SecurityModule asks. */
    void checkServes() throws ModuleException {
        ModuleStatus faulty = control.status();
        if (faulty != null && !faulty.state().serves()) {
            throw new ModuleException(faulty.state() == ModuleState.FAILED ? ModuleException.Reason.FAILED
                    : ModuleException.Reason.NOT_SERVING,
                    "Module " + control.name + " is " + faulty.state() + ": " + faulty.sentence());
        }
    }

    @Override
    public ModuleStatus selfTest() {
        ModuleStatus tested = module.selfTest();
        ModuleStatus faulty = control.status();
        return faulty == null ? tested : faulty;
    }

    @Override
    public long operationsUsed() {
        return module.operationsUsed();
    }

    @Override
    public long operationsTotal() {
        return module.operationsTotal();
    }
}
