package org.calypsohsm.cardserver;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.calypsohsm.cardlink.LinkLoop;
import org.calypsohsm.cardlink.Payload;
import org.calypsohsm.cardlink.Peer;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves one security module over a Unix domain socket. It stops, and all its connections with it, before the module goes. */
@Component(immediate = true, service = CardServer.class, configurationPid = "org.calypsohsm.cardserver",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = CardServer.Config.class, factory = true)
public final class CardServer {

    /** Configuration of one socket. */
    @ObjectClassDefinition(name = "Card server")
    public @interface Config {

        /** @return path of the socket */
        @AttributeDefinition(description = "Path of the socket; empty takes that of the command hsm card")
        String socket() default "";

        /** @return threads that exchange; 0 takes twice the number of processors */
        @AttributeDefinition(description = "Threads that exchange; 0 takes twice the number of processors")
        int threads() default 0;
    }

    /** Property of the framework or the system: path of the socket, if the configuration has none. */
    static final String SOCKET = "hsm.card.socket";

    private static final Logger LOG = LoggerFactory.getLogger(CardServer.class);
    private static final long TICK_MILLIS = 50;
    private static final long STOP_SECONDS = 5;
    private static final long UNKNOWN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int MOST_LINKS = 16;

    private final SecurityModule module;
    private final Path socket;
    private final ExecutorService workers;
    private final ExecutorService testing;
    private final LinkLoop loop;
    private final ServerSocketChannel server;
    private final Set<ServedLink> links = ConcurrentHashMap.newKeySet();

    // Only for the thread of the loop.
    private ModuleStatus told;
    private Set<Integer> toldGroups;

    /**
     * Starts to serve.
     *
     * @param config  its configuration
     * @param module  what it serves
     * @param context to look for the path of the socket
     * @throws IOException              if the socket cannot be made; the message says what to do
     * @throws IllegalArgumentException if the configuration is wrong; the message says what to correct
     */
    @Activate
    public CardServer(Config config, @Reference(name = "module") SecurityModule module, BundleContext context) throws IOException {
        this(config, module, context.getProperty(SOCKET));
    }

    CardServer(Config config, SecurityModule module, String otherwise) throws IOException {
        String path = config.socket().isBlank() ? otherwise : config.socket();
        if (path == null || path.isBlank()) {
            throw new IllegalArgumentException("A card server needs a socket: set socket in org.calypsohsm.cardserver.");
        }
        if (config.threads() < 0) {
            throw new IllegalArgumentException("Card server: threads is at least 0, not " + config.threads() + ".");
        }
        this.module = module;
        socket = Path.of(path).toAbsolutePath();
        int threads = config.threads() > 0 ? config.threads() : 2 * Runtime.getRuntime().availableProcessors();
        workers = pool(threads, "hsm-card-");
        testing = pool(1, "hsm-card-test-");
        loop = new LinkLoop("hsm-card-link", TICK_MILLIS, this::tick);
        server = SocketFile.listen(socket);
        loop.accept(server, this::take);
        loop.start();
        LOG.info("Module {} is served at {}.", module.info().name(), socket);
    }

    private static ExecutorService pool(int threads, String prefix) {
        AtomicInteger number = new AtomicInteger();
        ThreadFactory factory = task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Ends all connections and their channels, and takes the socket away. */
    @Deactivate
    void stop() {
        loop.close(server);
        links.forEach(link -> link.close("the card stops"));
        workers.shutdown();
        testing.shutdown();
        try {
            // The module must not be called any more when this returns.
            if (!workers.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.error("The server of module {} stops while an exchange does not come back.", module.info().name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        loop.close();
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.warn("The socket {} stays: {}.", socket, e.getMessage());
        }
    }

    private void take(SocketChannel channel) {
        String refusal = links.size() >= MOST_LINKS ? "there are " + MOST_LINKS + " already" : Peer.refusal(channel);
        if (refusal != null) {
            LOG.warn("A connection to module {} is refused: {}.", module.info().name(), refusal);
            loop.close(channel);
            return;
        }
        ServedLink served = new ServedLink(this, module, workers);
        try {
            // Nothing is received before this returns, since that is done on this thread.
            served.begin(loop.add(channel, served));
            links.add(served);
        } catch (IOException e) {
            loop.close(channel);
            LOG.warn("A connection to module {} could not be taken: {}.", module.info().name(), e.getMessage());
        }
    }

    void gone(ServedLink link) {
        links.remove(link);
    }

    /** @return state and key groups of the module */
    Payload status() {
        return Payload.empty().putStatus(module.status(), module.keyGroups());
    }

    private void tick() {
        long before = System.nanoTime() - UNKNOWN_NANOS;
        links.forEach(link -> link.expire(before));
        ModuleStatus now = module.status();
        Set<Integer> groups = module.keyGroups();
        if (!now.equals(told) || !groups.equals(toldGroups)) {
            told = now;
            toldGroups = groups;
            Payload status = Payload.empty().putStatus(now, groups);
            links.forEach(link -> link.tell(status));
        }
    }

    /** Has the module test itself, on a thread of its own, since that takes its time. */
    void selfTest(Consumer<Payload> done) {
        try {
            testing.execute(() -> {
                try {
                    module.selfTest();
                } catch (RuntimeException | Error e) {
                    LOG.warn("Module {} could not test itself.", module.info().name(), e);
                }
                done.accept(status());
            });
        } catch (RejectedExecutionException e) {
            // It stops, and the connection with it.
        }
    }
}
