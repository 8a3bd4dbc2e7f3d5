package org.calypsohsm.benchmark;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

import org.calypsohsm.channel.Channel;

/** Measures the heap of an idle open channel: many are opened on one module without limit, and the used heap is compared. */
final class IdleChannelHeap {

    private static final int SETTLE = 5;

    private IdleChannelHeap() {
    }

    /**
     * Measures.
     *
     * @param channels how many to open
     * @return bytes for each channel
     */
    static double bytesPerChannel(int channels) {
        Platform platform = new Platform();
        Channel[] open = new Channel[channels];
        platform.open().close();
        long before = usedHeap();
        for (int i = 0; i < channels; i++) {
            open[i] = platform.open();
        }
        long after = usedHeap();
        for (Channel channel : open) {
            channel.close();
        }
        return (double) (after - before) / channels;
    }

    private static long usedHeap() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < SETTLE; i++) {
            memory.gc();
            used = Math.min(used, memory.getHeapMemoryUsage().getUsed());
        }
        return used;
    }
}
