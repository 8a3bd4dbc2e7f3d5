package org.calypsohsm.emulation;

import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;

/** A virtual SAM that works as far as a self test can tell. Tests override what is to go wrong. */
public class StubSam implements ModuleChannel {

    private static final AtomicInteger CHALLENGES = new AtomicInteger();

    /** How often it was closed. */
    public final AtomicInteger closed = new AtomicInteger();
    /** How often it was asked. */
    public final AtomicInteger exchanges = new AtomicInteger();

    /** @return the SAM, for every channel the same */
    public StubEmulation everywhere() {
        return new StubEmulation(keyGroup -> this);
    }

    @Override
    public byte[] atr() {
        return new byte[19];
    }

    @Override
    public byte[] exchange(byte[] command) {
        exchanges.incrementAndGet();
        int number = CHALLENGES.incrementAndGet();
        return new byte[] {0, 0, 0, 0, (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number,
            (byte) 0x90, 0};
    }

    @Override
    public ChannelState idleState() {
        return ChannelState.AFTER_RESET;
    }

    @Override
    public void close() {
        closed.incrementAndGet();
    }
}
