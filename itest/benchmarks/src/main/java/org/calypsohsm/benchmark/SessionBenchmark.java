package org.calypsohsm.benchmark;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.sam.KnownChallenges;
import org.calypsohsm.testkeys.TestKeys;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One sale session, three times: its raw block operations, its profile, and all of it through the channel API. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class SessionBenchmark {

    private static final byte[] DIVERSIFIER = {0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};

    /** The platform, shared by all threads. */
    @State(Scope.Benchmark)
    public static class Shared {

        /** The profile measured. */
        @Param
        public Profile profile;

        SaleSession session;
        Platform platform;
        KeyValue key;
        byte[] keyBytes;

        /** Starts the platform. */
        @Setup(Level.Trial)
        public void start() {
            session = new SaleSession(profile);
            platform = new Platform();
            key = TestKeys.value(0, TestKeys.LOAD, TestKeys.kvc(profile.reference.alg()));
            keyBytes = key.revealKeyBytes();
        }
    }

    /** The channels of one thread: enough of them that none stays in the processor's nearest cache. */
    @State(Scope.Thread)
    public static class Channels {

        private static final int COUNT = 1000;

        private final Channel[] channels = new Channel[COUNT];
        private int next;

        /** Opens them. */
        @Setup(Level.Trial)
        public void open(Shared shared) {
            for (int i = 0; i < COUNT; i++) {
                channels[i] = shared.platform.open();
            }
        }

        Channel next() {
            next = next + 1 == COUNT ? 0 : next + 1;
            return channels[next];
        }
    }

    /** The block operations and key schedules that cannot be avoided. */
    @Benchmark
    public int raw(Shared shared) {
        return shared.profile.raw.run(shared.keyBytes, challenge(), shared.session.message);
    }

    /** The session computation of the security profile, without SAM, module and channel. */
    @Benchmark
    public boolean profile(Shared shared) {
        DiversifiedKey key = shared.profile.reference.diversify(shared.key, DIVERSIFIER);
        SessionDigest digest = key.openSession(KnownChallenges.challenge(challenge()), false);
        SaleSession session = shared.session;
        digest.update(session.digestInit, 7, session.digestInit.length - 7);
        for (byte[] update : session.updates) {
            digest.update(update, 5, update.length - 5);
        }
        byte[] certificate = digest.terminalCertificate();
        return digest.verifyCardCertificate(certificate, 0, certificate.length);
    }

    /** The whole session through the channel API: 13 exchanges. */
    @Benchmark
    public int channel(Shared shared, Channels channels) throws ChannelException {
        return SaleRun.run(shared.session, channels.next());
    }

    private static byte challenge() {
        return (byte) ThreadLocalRandom.current().nextInt();
    }
}
