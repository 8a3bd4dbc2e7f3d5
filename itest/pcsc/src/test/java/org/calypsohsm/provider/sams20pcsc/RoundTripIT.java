package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.Test;

/** Measures APDU through pcscd, and prints it for docs/adr/0021; checks only that all are answered. */
class RoundTripIT {

    private static final byte[] GET_CHALLENGE = CommandApdu.expecting(0x80, 0x84, 0, 8);
    private static final int WARM_UP = 1000;
    private static final int EXCHANGES = 5000;
    private static final int EACH = 250;

    @Test
    void exchangesAreAnswered() throws Exception {
        PcscDaemon daemon = Cards.startDaemon();
        try (Cards cards = new Cards()) {
            cards.first();
            cards.second();
            SamS20PcscModule first = Cards.module("first", Cards.FIRST_SERIAL, Map.of());
            SamS20PcscModule second = Cards.module("second", Cards.SECOND_SERIAL, Map.of());
            Cards.awaitState(first, ModuleState.OPERATIONAL);
            Cards.awaitState(second, ModuleState.OPERATIONAL);
            ModuleChannel channel = first.open(0);
            exchange(channel, WARM_UP);
            print("one channel", exchange(channel, EXCHANGES));
            channel.close();
            print("20 channels of one card", together(first));
            print("40 channels of two cards", together(first, second));
            first.stop();
            second.stop();
        } finally {
            daemon.close();
        }
    }

    private static long[] exchange(ModuleChannel channel, int times) throws Exception {
        long[] nanos = new long[times];
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            byte[] answer = channel.exchange(GET_CHALLENGE);
            nanos[i] = System.nanoTime() - start;
            assertThat(answer).hasSize(10);
        }
        return nanos;
    }

    /** All channels of modules at once, each on a thread of its own. */
    private static long[] together(SamS20PcscModule... modules) throws Exception {
        List<ModuleChannel> channels = new ArrayList<>();
        for (SamS20PcscModule module : modules) {
            for (int i = 0; i < module.info().channelsTotal(); i++) {
                channels.add(module.open(0));
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(channels.size());
        try {
            long start = System.nanoTime();
            List<Callable<long[]>> work = channels.stream().map(channel -> (Callable<long[]>) () -> exchange(channel, EACH)).toList();
            List<long[]> all = new ArrayList<>();
            for (Future<long[]> future : threads.invokeAll(work)) {
                all.add(future.get());
            }
            System.out.printf("%d exchanges a second in all; ", (long) (all.size() * EACH / ((System.nanoTime() - start) / 1e9)));
            // Fair: the slowest channel is not much behind the others.
            System.out.printf("mean of the channels %d to %d us; ", all.stream().mapToLong(RoundTripIT::meanMicros).min().orElseThrow(),
                    all.stream().mapToLong(RoundTripIT::meanMicros).max().orElseThrow());
            return all.stream().flatMapToLong(Arrays::stream).toArray();
        } finally {
            threads.shutdown();
            channels.forEach(ModuleChannel::close);
        }
    }

    private static long meanMicros(long[] nanos) {
        return Arrays.stream(nanos).sum() / nanos.length / 1000;
    }

    private static void print(String what, long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf("%s: p50 %.0f us, p99 %.0f us, most %.1f ms%n", what, nanos[nanos.length / 2] / 1e3,
                nanos[nanos.length * 99 / 100] / 1e3, nanos[nanos.length - 1] / 1e6);
    }
}
