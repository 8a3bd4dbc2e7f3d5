package org.calypsohsm.gateway.client;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;

/**
 * A {@link GatewayClient} that is configured by system properties, for {@link java.util.ServiceLoader}: so a server that knows
 * nothing of gateways finds it on its class path.
 */
public final class ConfiguredGatewayClient implements ChannelManager, AutoCloseable {

    /** System property: address of the gateway. */
    public static final String GATEWAY = "hsm.gateway";
    /** System property: file with key and certificate of the client, PKCS#12. */
    public static final String KEY_STORE = "hsm.gateway.keyStore";
    /** System property: file whose first line is the password of the key store. */
    public static final String PASSWORD_FILE = "hsm.gateway.keyStorePasswordFile";
    /** System property: file with the certificates of who certifies the gateway, PEM or DER. */
    public static final String AUTHORITY = "hsm.gateway.authority";
    /** System property: how many connections the channels are spread over. */
    public static final String CONNECTIONS = "hsm.gateway.connections";

    private final GatewayClient client;

    /**
     * Makes the client; it connects when it is used.
     *
     * @throws IllegalStateException if a property is missing, or a file cannot be read; the message says which
     */
    public ConfiguredGatewayClient() {
        try {
            client = GatewayClient.of(URI.create(property(GATEWAY)))
                    .keyStore(Path.of(property(KEY_STORE)), password(Path.of(property(PASSWORD_FILE))))
                    .authority(Path.of(property(AUTHORITY)))
                    .connections(Integer.getInteger(CONNECTIONS, 1)).build();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("The gateway client cannot use what the system properties " + KEY_STORE + ", " + PASSWORD_FILE
                    + " and " + AUTHORITY + " name: " + e.getMessage(), e);
        }
    }

    private static String property(String name) {
        String value = System.getProperty(name);
        if (value == null) {
            throw new IllegalStateException("The gateway client needs the system property " + name + ".");
        }
        return value;
    }

    private static char[] password(Path file) throws IOException {
        return Files.readString(file).lines().findFirst().orElse("").toCharArray();
    }

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        return client.open(request);
    }

    @Override
    public CompletionStage<Channel> openAsync(ChannelRequest request) {
        return client.openAsync(request);
    }

    @Override
    public List<ModuleReport> modules() {
        return client.modules();
    }

    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        return client.drain(module, deadline);
    }

    @Override
    public void undrain(String module) {
        client.undrain(module);
    }

    @Override
    public List<ChannelReport> channels() {
        return client.channels();
    }

    @Override
    public ModuleReport selfTest(String module) {
        return client.selfTest(module);
    }

    @Override
    public void close() {
        client.close();
    }
}
