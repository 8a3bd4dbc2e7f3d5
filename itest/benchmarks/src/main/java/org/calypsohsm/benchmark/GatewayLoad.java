package org.calypsohsm.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.stream.Stream;

import com.sun.management.OperatingSystemMXBean;
import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.gateway.ClientAccount;
import org.calypsohsm.gateway.Gateway;
import org.calypsohsm.gateway.GatewayWiring;
import org.calypsohsm.gateway.client.GatewayClient;

/**
 * Load harness: clients at once, each with a channel on a connection of its own, run sale sessions over a gateway, and the same in
 * the process. Client and gateway share the processors of this machine, so what a message costs is paid twice.
 */
final class GatewayLoad {

    private static final Profile PROFILE = Profile.TDES_CBC;
    static final int FEW_CONNECTIONS = 16;
    private static final int WARM_UP_SECONDS = 10;
    private static final List<String> CLIENT = List.of("hsm-gateway-client-", "HttpClient-");
    private static final List<String> SERVER = List.of("qtp");
    private static final List<String> MODULE = List.of("hsm-channel-");
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    private final int clients;
    private final int seconds;
    private final SaleSession session = new SaleSession(PROFILE);
    private final LongAdder sessions = new LongAdder();

    /**
     * What was measured of one way.
     *
     * @param perSecond    sessions a second
     * @param cpuMicros    processor time of a session, client and platform together, in microseconds
     * @param clientMicros what of it the threads of the gateway client took
     * @param serverMicros what of it the threads of Jetty took: reading, TLS and parsing
     * @param moduleMicros what of it the threads of the channel manager took: the session itself, and sending the answers
     */
    record Rate(double perSecond, double cpuMicros, double clientMicros, double serverMicros, double moduleMicros) {
    }

    /**
     * What was measured of one kind of client.
     *
     * @param embedded in the process
     * @param own      over the gateway, each client on a connection of its own
     * @param shared   over the gateway, all clients on {@value #FEW_CONNECTIONS} connections
     */
    record Rates(Rate embedded, Rate own, Rate shared) {
    }

    /**
     * What was measured.
     *
     * @param oneByOne      with one exchange after the other
     * @param together      with exchanges sent together that need no answer of another
     * @param bareTlsMicros processor time of a message there and one back over TLS alone, in microseconds
     */
    record Result(Rates oneByOne, Rates together, double bareTlsMicros) {
    }

    GatewayLoad(int clients, int seconds) {
        this.clients = clients;
        this.seconds = seconds;
    }

    /** Measures all, one after the other. */
    Result measure() throws IOException, GeneralSecurityException, InterruptedException {
        ChannelManager manager = new Platform().manager();
        Path folder = Files.createTempDirectory("hsm-bench-");
        try {
            Authority authority = new Authority("benchmark");
            Credentials server = authority.server(folder, "server");
            Credentials client = authority.client(folder, "client");
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("authority", authority.certificate());
            Path pem = authority.write(folder.resolve("authority.pem"));
            try (GatewayWiring gateway = new GatewayWiring(manager, Configs.of(Gateway.Config.class, Map.of()),
                    Configs.of(ClientAccount.Config.class, Map.of("name", "client", "certificate", client.sha256(),
                            "roles", new String[] {"CLIENT"}, "keyGroups", new int[] {0}, "requestsPerSecond", 0)),
                    server.keyStore(), server.password(), trusted);
                    GatewayClient own = client(gateway, client, pem, clients);
                    GatewayClient shared = client(gateway, client, pem, FEW_CONNECTIONS)) {
                return new Result(
                        new Rates(rate(manager, SaleRun::runAsync), rate(own, SaleRun::runAsync), rate(shared, SaleRun::runAsync)),
                        new Rates(rate(manager, SaleRun::runTogether), rate(own, SaleRun::runTogether), rate(shared, SaleRun::runTogether)),
                        BareTls.microsPerTurn(server, trusted));
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static GatewayClient client(GatewayWiring gateway, Credentials client, Path authority, int connections)
            throws IOException, GeneralSecurityException {
        return GatewayClient.of(URI.create("https://127.0.0.1:" + gateway.port()))
                .keyStore(client.keyStore(), client.password().toCharArray()).authority(authority)
                .connections(connections).connectTimeout(Duration.ofMinutes(1)).build();
    }

    private Rate rate(ChannelManager channels, BiFunction<SaleSession, Channel, CompletionStage<byte[]>> run) throws InterruptedException {
        List<SaleClient> running = new ArrayList<>();
        try {
            for (int client = 0; client < clients; client++) {
                running.add(new SaleClient(channels.open(ChannelRequest.forKeyGroup(0)), channel -> run.apply(session, channel), sessions));
            }
        } catch (ChannelException e) {
            throw new IllegalStateException("The benchmark could not open a channel: " + e.getMessage(), e);
        }
        running.forEach(SaleClient::next);
        TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
        long before = sessions.sum();
        long cpuBefore = cpuNanos();
        Map<String, Long> threadsBefore = threadNanos();
        long begun = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        double done = sessions.sum() - before;
        double perSecond = done * NANOS_PER_SECOND / (System.nanoTime() - begun);
        double micros = (cpuNanos() - cpuBefore) / NANOS_PER_MICRO / done;
        Map<String, Long> threads = threadNanos();
        threadsBefore.forEach((name, nanos) -> threads.merge(name, -nanos, Long::sum));
        Rate rate = new Rate(perSecond, micros, of(threads, CLIENT, done), of(threads, SERVER, done), of(threads, MODULE, done));
        SaleClient.stop(running);
        return rate;
    }

    private static double of(Map<String, Long> nanosByThread, List<String> prefixes, double sessions) {
        return nanosByThread.entrySet().stream().filter(thread -> prefixes.stream().anyMatch(thread.getKey()::startsWith))
                .mapToLong(Map.Entry::getValue).sum() / NANOS_PER_MICRO / sessions;
    }

    private static Map<String, Long> threadNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Map<String, Long> nanos = new HashMap<>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null) {
                nanos.merge(thread.getThreadName(), threads.getThreadCpuTime(thread.getThreadId()), Long::sum);
            }
        }
        return nanos;
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
}
