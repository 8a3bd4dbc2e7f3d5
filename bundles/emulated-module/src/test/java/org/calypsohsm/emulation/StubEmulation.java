package org.calypsohsm.emulation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;

/** An emulation that makes what a test wants, and whose self test does what a test wants. */
public class StubEmulation implements SamEmulation {

    /** Makes a virtual SAM for a key group. */
    @FunctionalInterface
    public interface Maker {

        /**
         * Makes one.
         *
         * @param keyGroup the keys
         * @return the virtual SAM
         */
        ModuleChannel make(KeyGroup keyGroup);
    }

    /** Numbers of the key groups that were tested, in this order. */
    public final List<Integer> tested = new CopyOnWriteArrayList<>();
    /** What happens in each self test. */
    public volatile Runnable selfTest = () -> { };

    private final Maker maker;

    /** @param maker makes the virtual SAMs */
    public StubEmulation(Maker maker) {
        this.maker = maker;
    }

    @Override
    public ModuleChannel create(SamForm form, int serialNumber, int version, KeyGroup keyGroup, ChannelState state) {
        return maker.make(keyGroup);
    }

    @Override
    public void selfTest(KeyGroup keyGroup) {
        tested.add(keyGroup.number());
        selfTest.run();
    }
}
