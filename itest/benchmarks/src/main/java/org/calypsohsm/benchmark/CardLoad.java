package org.calypsohsm.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.cardserver.CardServer;
import org.calypsohsm.cardserver.ServerWiring;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.manager.DefaultChannelManager;
import org.calypsohsm.manager.ManagerWiring;
import org.calypsohsm.provider.pcis3device.DeviceModule;

/** Sale sessions on a card process behind a socket, and the same in this process. Both share the processors of this machine. */
final class CardLoad {

    private static final int MODEL = 1000;
    private static final int CLIENTS = 16;
    private static final int WARM_UP_SECONDS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final int seconds;
    private final SaleSession session = new SaleSession(Profile.TDES_CBC);

    /**
     * What was measured.
     *
     * @param embeddedMicros time of an exchange in this process, one client, in microseconds
     * @param cardMicros     the same on a card
     * @param embeddedRate   sessions a second of 16 clients in this process
     * @param cardRate       the same on a card
     */
    record Rates(double embeddedMicros, double cardMicros, double embeddedRate, double cardRate) {

        double micros() {
            return cardMicros / embeddedMicros;
        }

        double rate() {
            return cardRate / embeddedRate;
        }
    }

    CardLoad(int seconds) {
        this.seconds = seconds;
    }

    /** The card process. */
    static final class Card {

        private Card() {
        }

        /**
         * Serves until its input ends.
         *
         * @param arguments path of the socket
         */
        public static void main(String[] arguments) throws IOException {
            Platform platform = new Platform(new TestKeyStore(Configs.of(TestKeyStore.Config.class, Map.of())), MODEL);
            ServerWiring.serve(Configs.of(CardServer.Config.class, Map.of("socket", arguments[0])), platform.module());
            System.in.read();
            Files.delete(Path.of(arguments[0]));
        }
    }

    Rates measure() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("hsm-bench-");
        Path socket = folder.resolve("socket");
        Process card = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
                System.getProperty("java.class.path"), "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", Card.class.getName(),
                socket.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            ChannelManager embedded = new Platform().manager();
            ChannelManager served = ManagerWiring.over(Configs.of(DefaultChannelManager.Config.class, Map.of()),
                    new DeviceModule(Configs.of(DeviceModule.Config.class, Map.of("hsm_module_name", "card", "socket", socket.toString(),
                            "model", MODEL))));
            run(embedded, CLIENTS, WARM_UP_SECONDS);
            run(served, CLIENTS, WARM_UP_SECONDS);
            double exchanges = session.exchanges();
            return new Rates(1e6 / run(embedded, 1, seconds) / exchanges, 1e6 / run(served, 1, seconds) / exchanges,
                    run(embedded, CLIENTS, seconds), run(served, CLIENTS, seconds));
        } finally {
            card.getOutputStream().close();
            card.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            card.destroyForcibly();
            Files.deleteIfExists(socket);
            Files.delete(folder);
        }
    }

    /** @return sessions a second */
    private double run(ChannelManager manager, int clients, int duration) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            long start = System.nanoTime();
            long end = start + TimeUnit.SECONDS.toNanos(duration);
            List<Future<Long>> running = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                running.add(threads.submit(() -> {
                    long done = 0;
                    // A card needs a moment to come up.
                    try (Channel channel = manager.open(ChannelRequest.forKeyGroup(0).withDeadline(PATIENCE))) {
                        while (System.nanoTime() < end) {
                            SaleRun.run(session, channel);
                            done++;
                        }
                    }
                    return done;
                }));
            }
            long sessions = 0;
            for (Future<Long> client : running) {
                sessions += client.get();
            }
            return sessions / ((System.nanoTime() - start) / 1e9);
        } catch (ExecutionException e) {
            throw new IllegalStateException("A client broke off: " + e.getCause(), e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}
