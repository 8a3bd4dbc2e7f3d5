package org.calypsohsm.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.gateway.client.GatewayClient;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * A gateway for the time of the demo, with certificates of its own: installed, configured and removed as a deployer does. Clients
 * reach it over TLS on a free port of this machine.
 */
final class Gateway implements AutoCloseable {

    private static final String FEATURE = "gateway";
    private static final String PID = "org.calypsohsm.gateway";
    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long LOOK_MILLIS = 50;
    /** A few hundred channels each. */
    private static final int CONNECTIONS = 16;

    private final FeatureManager features;
    private final List<Configuration> made = new ArrayList<>();
    private Path folder;
    private boolean installed;
    private GatewayClient client;

    private Gateway(FeatureManager features) {
        this.features = features;
    }

    /**
     * Starts one.
     *
     * @param features       installs it; null if there is none
     * @param configurations configures it
     * @throws DemoException if it does not come up
     */
    static Gateway start(FeatureManager features, ConfigurationAdmin configurations) throws DemoException, InterruptedException {
        if (features == null) {
            throw new DemoException("There is no feature manager to install the gateway with.");
        }
        Gateway gateway = new Gateway(features);
        boolean started = false;
        try {
            gateway.open(configurations);
            started = true;
            return gateway;
        } catch (IOException | GeneralSecurityException | InvalidSyntaxException e) {
            throw new DemoException("The gateway cannot be set up: " + e.getMessage() + ".");
        } finally {
            if (!started) {
                gateway.close();
            }
        }
    }

    private void open(ConfigurationAdmin configurations)
            throws DemoException, IOException, GeneralSecurityException, InvalidSyntaxException, InterruptedException {
        if (configurations.listConfigurations("(service.pid=" + PID + ")") != null) {
            throw new DemoException("A gateway is configured already; the demo makes its own, so start it without " + PID + ".");
        }
        folder = Files.createTempDirectory("hsm-demo-");
        Authority authority = new Authority("Authority of the demo");
        Path trusted = authority.write(folder.resolve("authority.pem"));
        Credentials server = authority.server(folder, "server");
        Credentials till = authority.client(folder, "till");
        int port = freePort();
        install();
        configure(configurations.getConfiguration(PID, "?"), Map.of("host", LOOPBACK, "port", port,
                "keyStore", server.keyStore().toString(), "keyStorePasswordFile", server.passwordFile().toString(),
                "clientAuthority", trusted.toString()));
        configure(configurations.createFactoryConfiguration(PID + ".client", "?"), Map.of("name", "till", "certificate", till.sha256(),
                "roles", new String[] {"CLIENT"}, "keyGroups", new int[] {Season.KEY_GROUP}));
        client = GatewayClient.of(URI.create("https://" + LOOPBACK + ":" + port))
                .keyStore(till.keyStore(), till.password().toCharArray()).authority(trusted).connections(CONNECTIONS).build();
        await(port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
            return socket.getLocalPort();
        }
    }

    private void configure(Configuration configuration, Map<String, Object> properties) throws IOException {
        made.add(configuration);
        configuration.update(new Hashtable<>(properties));
    }

    private void install() throws DemoException {
        if (features.features().stream().filter(FeatureInfo::installed).anyMatch(info -> info.name().equals(FEATURE))) {
            return;
        }
        change(FeatureChange.install(FEATURE));
        installed = true;
    }

    private void change(FeatureChange change) throws DemoException {
        try {
            features.begin(change).outcome().toCompletableFuture().join();
        } catch (FeatureException e) {
            throw new DemoException(e.getMessage());
        } catch (CompletionException e) {
            throw new DemoException(e.getCause().getMessage());
        }
    }

    private void await(int port) throws DemoException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                client.modules();
                return;
            } catch (IllegalStateException e) {
                if (System.nanoTime() - end >= 0) {
                    throw new DemoException("No gateway came up on port " + port + " within " + PATIENCE.toSeconds() + " s: "
                            + e.getMessage() + " The log says why.");
                }
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** @return the channels of the platform, on the other side of TLS */
    ChannelManager channels() {
        return client;
    }

    @Override
    public void close() {
        if (client != null) {
            client.close();
        }
        try {
            for (Configuration configuration : made) {
                configuration.delete();
            }
            if (installed) {
                change(FeatureChange.uninstall(FEATURE));
            }
            if (folder != null) {
                delete(folder);
            }
        } catch (IOException | DemoException e) {
            System.err.println("hsm demo: the gateway is not removed cleanly: " + e.getMessage());
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
