package org.calypsohsm.gateway.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;

/**
 * A channel manager on the other side of a gateway. Channels go over a few connections, which are made when they are needed and
 * made anew after they ended; the channels of a connection that ends are lost with {@link org.calypsohsm.channel.ChannelLostException}.
 * What goes wrong comes as the exceptions of the channel API, with module and channel; a rate limit that is exceeded comes as
 * {@link org.calypsohsm.channel.ModuleUnavailableException} on a channel, which stays open, and as
 * {@link NoChannelFreeException} where there is none yet; a key group that this client may not use comes as
 * {@link org.calypsohsm.channel.UnknownKeyGroupException}.
 *
 * <p>Stages complete on a thread that reads from the network: whoever goes on there must not block. Safe for many threads.
 */
public final class GatewayClient implements ChannelManager, AutoCloseable {

    private static final String EXCHANGE = "/api/v1/exchange";

    /** Makes clients. */
    public static final class Builder {

        private final URI gateway;
        private KeyStore keys;
        private char[] password;
        private KeyStore authority;
        private SSLContext context;
        private int connections = 1;
        private Duration timeout = Duration.ofSeconds(10);
        private Duration silence = Duration.ofSeconds(30);

        private Builder(URI gateway) {
            this.gateway = gateway;
        }

        /**
         * Sets the keys and the certificate of this client.
         *
         * @param file     a key store, PKCS#12
         * @param secret its password
         * @return this
         * @throws IOException              if it cannot be read
         * @throws GeneralSecurityException if it is none
         */
        public Builder keyStore(Path file, char[] secret) throws IOException, GeneralSecurityException {
            keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                keys.load(in, secret);
            }
            password = secret.clone();
            return this;
        }

        /**
         * Sets who certifies the gateway.
         *
         * @param file certificates, PEM or DER
         * @return this
         * @throws IOException              if it cannot be read
         * @throws GeneralSecurityException if it holds no certificates
         */
        public Builder authority(Path file) throws IOException, GeneralSecurityException {
            authority = KeyStore.getInstance("PKCS12");
            authority.load(null, null);
            try (InputStream in = Files.newInputStream(file)) {
                int number = 0;
                for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                    authority.setCertificateEntry("authority-" + number++, one);
                }
            }
            return this;
        }

        /**
         * Sets keys and authorities at once, in place of the other two methods.
         *
         * @param tls what to connect with
         * @return this
         */
        public Builder sslContext(SSLContext tls) {
            context = Objects.requireNonNull(tls, "tls");
            return this;
        }

        /**
         * Sets how many connections the channels go over; 1 if not set.
         *
         * @param number 1 or more
         * @return this
         */
        public Builder connections(int number) {
            if (number < 1) {
                throw new IllegalArgumentException("A client has at least 1 connection, not " + number + ".");
            }
            connections = number;
            return this;
        }

        /**
         * Sets how long to wait for a connection; 10 s if not set.
         *
         * @param duration how long
         * @return this
         */
        public Builder connectTimeout(Duration duration) {
            timeout = duration;
            return this;
        }

        /**
         * Sets after how long without a sign of the gateway a connection counts as ended; 30 s if not set.
         *
         * @param duration how long
         * @return this
         */
        public Builder silence(Duration duration) {
            silence = duration;
            return this;
        }

        /**
         * Makes the client. It connects when the first channel is opened.
         *
         * @return the client
         * @throws GeneralSecurityException if the Java runtime cannot use the keys
         */
        public GatewayClient build() throws GeneralSecurityException {
            return new GatewayClient(this, context != null ? context : tls());
        }

        private SSLContext tls() throws GeneralSecurityException {
            if (keys == null || authority == null) {
                throw new IllegalStateException("A gateway client has a key store and an authority: set both, or an SSLContext.");
            }
            KeyManagerFactory mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            mine.init(keys, password);
            TrustManagerFactory theirs = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            theirs.init(authority);
            SSLContext made = SSLContext.getInstance("TLSv1.3");
            made.init(mine.getKeyManagers(), theirs.getTrustManagers(), null);
            return made;
        }
    }

    private final URI exchange;
    private final HttpClient http;
    private final ExecutorService executor;
    private final ScheduledExecutorService watch;
    private final Duration timeout;
    private final Connection[] connections;
    private final AtomicInteger next = new AtomicInteger();
    private final Administration administration;
    private volatile boolean closed;

    /**
     * Begins to make a client.
     *
     * @param gateway address of the gateway, as in {@code https://127.0.0.1:8443}
     * @return what makes it
     * @throws IllegalArgumentException if the address is not HTTPS
     */
    public static Builder of(URI gateway) {
        if (!"https".equals(gateway.getScheme()) || gateway.getHost() == null) {
            throw new IllegalArgumentException("A gateway has an address like https://127.0.0.1:8443, not " + gateway + ".");
        }
        return new Builder(gateway);
    }

    private GatewayClient(Builder builder, SSLContext context) {
        exchange = URI.create("wss://" + builder.gateway.getRawAuthority() + EXCHANGE);
        timeout = builder.timeout;
        connections = new Connection[builder.connections];
        executor = Executors.newFixedThreadPool(Math.max(2, Runtime.getRuntime().availableProcessors()), threads("hsm-gateway-client-"));
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.3"});
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(context).sslParameters(parameters)
                .connectTimeout(timeout).executor(executor).build();
        administration = new Administration(builder.gateway, http, timeout);
        watch = Executors.newSingleThreadScheduledExecutor(threads("hsm-gateway-watch-"));
        long silentNanos = builder.silence.toNanos();
        // So that an answer to one of two pings is enough.
        long period = Math.max(1, silentNanos / 3);
        watch.scheduleWithFixedDelay(() -> look(silentNanos), period, period, TimeUnit.NANOSECONDS);
    }

    private static ThreadFactory threads(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private void look(long silentNanos) {
        for (Connection connection : present()) {
            try {
                connection.watch(silentNanos);
            } catch (RuntimeException e) {
                // It closes at this moment; the others are still looked at.
                continue;
            }
        }
    }

    private List<Connection> present() {
        List<Connection> present = new ArrayList<>();
        synchronized (connections) {
            for (Connection connection : connections) {
                if (connection != null) {
                    present.add(connection);
                }
            }
        }
        return present;
    }

    private CompletableFuture<Connection> connection() {
        int index = Math.floorMod(next.getAndIncrement(), connections.length);
        synchronized (connections) {
            if (closed) {
                return CompletableFuture.failedFuture(new NoChannelFreeException(null, 0, "this gateway client is closed."));
            }
            if (connections[index] == null || connections[index].isEnded()) {
                connections[index] = Connection.to(exchange, http, timeout);
            }
            return connections[index].connected();
        }
    }

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        CompletableFuture<Channel> opened = openAsync(request).toCompletableFuture();
        try {
            return opened.get();
        } catch (InterruptedException e) {
            opened.cancel(false);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ChannelException fault) {
                throw fault;
            }
            throw new IllegalStateException("The gateway client failed: " + e.getCause(), e.getCause());
        }
    }

    /** {@inheritDoc} A request that was cancelled still waits for its turn at the gateway, and gives its channel back then. */
    @Override
    public CompletionStage<Channel> openAsync(ChannelRequest request) {
        CompletableFuture<Channel> opened = new CompletableFuture<>();
        connection().thenCompose(connection -> connection.open(request)).whenComplete((channel, fault) -> {
            if (fault != null) {
                opened.completeExceptionally(fault instanceof java.util.concurrent.CompletionException && fault.getCause() != null
                        ? fault.getCause() : fault);
            } else if (!opened.complete(channel)) {
                channel.close();
            }
        });
        return opened;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the gateway refuses or cannot be reached
     */
    @Override
    public List<ModuleReport> modules() {
        return administration.modules();
    }

    /** {@inheritDoc} Needs the role OPERATOR. */
    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        return administration.drain(module, deadline);
    }

    /** {@inheritDoc} Needs the role OPERATOR. */
    @Override
    public void undrain(String module) {
        administration.undrain(module);
    }

    /** {@inheritDoc} Needs the role ADMINISTRATOR, OPERATOR, SUPERVISOR or AUDITOR. */
    @Override
    public List<ChannelReport> channels() {
        return administration.channels();
    }

    /** {@inheritDoc} Needs the role OPERATOR. */
    @Override
    public ModuleReport selfTest(String module) {
        return administration.selfTest(module);
    }

    /** Closes all connections, and with them the channels. */
    @Override
    public void close() {
        synchronized (connections) {
            closed = true;
        }
        watch.shutdownNow();
        present().forEach(Connection::close);
        executor.shutdown();
    }
}
