package org.calypsohsm.itest.kit.fault;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;

/** A channel with the faults of its module. */
final class FaultyChannel implements ModuleChannel {

    private final FaultyModule module;
    private final ModuleControl control;
    private final ModuleChannel channel;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean lost;
    /** True while the response is not the module's, so that nothing of the module is waited for. */
    private volatile boolean invented;

    FaultyChannel(FaultyModule module, ModuleControl control, ModuleChannel channel) {
        this.module = module;
        this.control = control;
        this.channel = channel;
    }

    /** Loses what the virtual SAM knew, as when it lost its power. */
    void lose() {
        lost = true;
    }

    @Override
    public byte[] atr() {
        return channel.atr();
    }

    @Override
    public byte[] exchange(byte[] command) throws ModuleException {
        module.checkServes();
        if (lost) {
            throw failed("the channel is lost");
        }
        invented = true;
        return control.exchange(this, command, each -> {
            byte[] response = channel.exchange(each);
            invented = false;
            return response;
        });
    }

    ModuleException failed(String what) {
        return new ModuleException(ModuleException.Reason.FAILED, "Module " + control.name + ": " + what + " (injected fault).");
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return invented ? null : channel.pendingCommit();
    }

    @Override
    public ChannelState idleState() {
        return lost ? null : channel.idleState();
    }

    @Override
    public boolean inSession() {
        return !lost && channel.inSession();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            control.channels.decrementAndGet();
        }
        channel.close();
    }
}
