package org.calypsohsm.gateway;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationPlugin;
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

/**
 * Has Felix HTTP (Jetty) listen: TLS 1.3 only, and only to clients with a certificate of the trusted authority. It configures
 * Jetty while it is active; what the key store is opened with is handed over in memory and is in no configuration.
 */
@Component(service = Gateway.class, immediate = true, configurationPid = Gateway.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = Gateway.Config.class)
public final class Gateway {

    /** Configuration of the gateway. */
    @ObjectClassDefinition(name = "Gateway")
    public @interface Config {

        /** @return address to listen on */
        @AttributeDefinition(description = "Address to listen on")
        String host() default "127.0.0.1";

        /** @return port to listen on */
        @AttributeDefinition(description = "Port to listen on")
        int port() default 8443;

        /** @return file with key and certificate of the server, PKCS#12 */
        @AttributeDefinition(description = "File with key and certificate of the server, PKCS#12")
        String keyStore() default "";

        /** @return file with the password of the key store, in its first line */
        @AttributeDefinition(description = "File with the password of the key store, in its first line")
        String keyStorePasswordFile() default "";

        /** @return in place of it, the environment variable with the password */
        @AttributeDefinition(description = "In place of it, the environment variable with the password")
        String keyStorePasswordVariable() default "";

        /** @return file with the certificates of those who certify clients, PEM or DER */
        @AttributeDefinition(description = "File with the certificates of those who certify clients, PEM or DER")
        String clientAuthority() default "";

        /** @return threads of Jetty at most */
        @AttributeDefinition(description = "Threads of Jetty at most")
        int threads() default 200;

        /** @return longest lease of a channel, in milliseconds */
        @AttributeDefinition(description = "Longest lease of a channel, in milliseconds; shorter ones are up to the client")
        long longestLeaseMillis() default 600_000;

        /** @return how often a connection is looked at, in milliseconds */
        @AttributeDefinition(description = "How often connections are looked at, in milliseconds")
        long pingMillis() default 5000;

        /** @return after how long without a sign of the client a connection is ended, in milliseconds */
        @AttributeDefinition(description = "After how long without a sign of the client its connection is ended, in milliseconds")
        long silenceMillis() default 20_000;

        /** @return requests of a connection that may be without an answer */
        @AttributeDefinition(description = "Requests of a connection that may be without an answer; more are not read until then")
        int outstandingRequests() default 1024;

        /** @return whether what changes something is refused while no audit log is present */
        @AttributeDefinition(description = "Whether what changes something is refused while no audit log is present")
        boolean auditRequired() default false;
    }

    static final String PID = "org.calypsohsm.gateway";

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final String JETTY = "org.apache.felix.http";
    /** Property of Jetty's configuration: which gateway wrote it last. */
    private static final String OWNER = "org.calypsohsm.gateway.owner";
    private static final String PKCS12 = "PKCS12";
    private static final String JKS = "JKS";
    private static final int LEAST_THREADS = 10;
    private static final int HIGHEST_PORT = 0xFFFF;
    private static final int WAITING_CONNECTIONS = 1024;
    private static final int RANKING = 500;
    private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final ConfigurationAdmin configurations;
    private final String owner = UUID.randomUUID().toString();
    private final ServiceRegistration<ConfigurationPlugin> plugin;

    /**
     * Checks all that is needed, and has Jetty start.
     *
     * @param context        to hand over the password
     * @param config         its configuration
     * @param configurations to configure Jetty with
     * @throws IllegalArgumentException if something is missing or wrong; the message says what to do
     */
    @Activate
    public Gateway(BundleContext context, Config config, @Reference ConfigurationAdmin configurations) {
        this.configurations = configurations;
        check(config.port() > 0 && config.port() <= HIGHEST_PORT, "port is 1 to " + HIGHEST_PORT + ", not " + config.port());
        check(!config.host().isBlank(), "host is the address to listen on, as in 127.0.0.1; it is not left out by accident");
        check(config.threads() >= LEAST_THREADS, "threads is at least " + LEAST_THREADS + ", not " + config.threads());
        Path keyStore = file("keyStore", config.keyStore());
        String password = password(config);
        String subject = checkKeys(keyStore, password);
        File trusted = context.getDataFile("client-authority.jks");
        trust(file("clientAuthority", config.clientAuthority()), trusted.toPath());
        awaitPort(config.host(), config.port());
        plugin = context.registerService(ConfigurationPlugin.class, (reference, properties) -> {
            // Only for Jetty itself: any bundle may ask for a configuration with this PID.
            if (owner.equals(properties.get(OWNER)) && "org.apache.felix.http.jetty12".equals(reference.getBundle().getSymbolicName())) {
                properties.put("org.apache.felix.https.keystore.password", password);
                properties.put("org.apache.felix.https.keystore.key.password", password);
            }
        }, new Hashtable<>(Map.of(ConfigurationPlugin.CM_RANKING, RANKING, ConfigurationPlugin.CM_TARGET, JETTY)));
        try {
            configurations.getConfiguration(JETTY, "?").update(jetty(config, keyStore, trusted));
        } catch (IOException e) {
            plugin.unregister();
            throw new IllegalStateException("Gateway: Jetty cannot be configured: " + e.getMessage() + ".", e);
        }
        LOG.info("Gateway for https://{}:{} as {}; only clients with a certificate of {} connect.", config.host(), config.port(),
                subject, config.clientAuthority());
    }

    private static void check(boolean right, String mistake) {
        if (!right) {
            throw new IllegalArgumentException("Gateway: " + mistake + "; correct " + PID + ".");
        }
    }

    /** So that a sentence tells what is wrong; Jetty would tell it in pages. A gateway of before may still be leaving. */
    private void awaitPort(String host, int port) {
        long end = System.nanoTime() + LEAVE_NANOS;
        while (!isPredecessorThere()) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(host))) {
                LOG.debug("{} is free.", socket);
                return;
            } catch (IOException e) {
                check(System.nanoTime() - end < 0, "nobody can listen on port " + port + " of " + host + ": " + e.getMessage()
                        + "; choose another port, or an address of this machine");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** While the gateway is updated, the one that goes has the port, and Jetty changes over. */
    private boolean isPredecessorThere() {
        try {
            return configurations.listConfigurations("(&(service.pid=" + JETTY + ")(" + OWNER + "=*))") != null;
        } catch (IOException | InvalidSyntaxException e) {
            throw new IllegalStateException("Gateway: Jetty's configuration cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static Path file(String name, String value) {
        check(!value.isBlank(), name + " names no file. For development, hsm certificates FOLDER makes one");
        Path file = Path.of(value);
        check(Files.isReadable(file), name + " names " + file + ", which cannot be read");
        return file;
    }

    private static String password(Config config) {
        check(config.keyStorePasswordFile().isBlank() != config.keyStorePasswordVariable().isBlank(), "the password of the key store is"
                + " in the file keyStorePasswordFile or in the environment variable keyStorePasswordVariable: set one of them");
        if (config.keyStorePasswordFile().isBlank()) {
            String value = System.getenv(config.keyStorePasswordVariable());
            check(value != null && !value.isEmpty(), "the environment variable " + config.keyStorePasswordVariable() + " is not set");
            return value;
        }
        Path file = file("keyStorePasswordFile", config.keyStorePasswordFile());
        try {
            String line = Files.readString(file).lines().findFirst().orElse("");
            check(!line.isEmpty(), "the first line of " + file + " is empty");
            return line;
        } catch (IOException e) {
            throw new IllegalArgumentException("Gateway: " + file + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    /** @return the subject of the server's certificate */
    private static String checkKeys(Path file, String password) {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(PKCS12);
            store.load(in, password.toCharArray());
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias) && store.getKey(alias, password.toCharArray()) != null) {
                    X509Certificate certificate = (X509Certificate) store.getCertificate(alias);
                    certificate.checkValidity();
                    return certificate.getSubjectX500Principal().getName();
                }
            }
            throw new IllegalArgumentException("Gateway: the key store " + file + " holds no private key; correct " + PID + ".");
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("Gateway: the key store " + file + " cannot be used: " + e.getMessage()
                    + "; it is a PKCS#12 file with the key of the server.", e);
        }
    }

    /** Gives Jetty the certificates in a form that it reads without a password: they are public. */
    private static void trust(Path from, Path to) {
        try (InputStream in = Files.newInputStream(from); OutputStream out = Files.newOutputStream(to)) {
            Collection<? extends Certificate> certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
            check(!certificates.isEmpty(), "clientAuthority names " + from + ", which holds no certificate");
            KeyStore store = KeyStore.getInstance(JKS);
            store.load(null, null);
            int number = 0;
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("authority-" + number++, certificate);
            }
            store.store(out, new char[0]);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("Gateway: the certificates in " + from + " cannot be used: " + e.getMessage() + ".", e);
        }
    }

    private Dictionary<String, Object> jetty(Config config, Path keyStore, File trusted) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(OWNER, owner);
        properties.put("org.apache.felix.http.host", config.host());
        properties.put("org.apache.felix.http.enable", false);
        properties.put("org.apache.felix.https.enable", true);
        properties.put("org.osgi.service.http.port.secure", config.port());
        properties.put("org.apache.felix.https.keystore", keyStore.toAbsolutePath().toString());
        properties.put("org.apache.felix.https.keystore.type", PKCS12);
        properties.put("org.apache.felix.https.truststore", trusted.getAbsolutePath());
        properties.put("org.apache.felix.https.truststore.type", JKS);
        properties.put("org.apache.felix.https.clientcertificate", "needs");
        properties.put("org.apache.felix.https.jetty.protocols.included", new String[] {"TLSv1.3"});
        properties.put("org.apache.felix.jetty.websocket.enable", true);
        properties.put("org.apache.felix.jetty.gziphandler.enable", false);
        properties.put("org.apache.felix.http.jetty.sendServerHeader", false);
        properties.put("org.apache.felix.http.jetty.threadpool.max", config.threads());
        properties.put("org.apache.felix.http.jetty.acceptQueueSize", WAITING_CONNECTIONS);
        return properties;
    }

    /** Has Jetty stop, unless another gateway has taken over. */
    @Deactivate
    void stop() {
        try {
            Configuration[] present = configurations.listConfigurations("(&(service.pid=" + JETTY + ")(" + OWNER + "=" + owner + "))");
            if (present != null) {
                present[0].delete();
            }
        } catch (IOException | InvalidSyntaxException | IllegalStateException e) {
            LOG.error("Gateway: Jetty's configuration is not removed: {}", e.toString());
        }
        plugin.unregister();
    }
}
