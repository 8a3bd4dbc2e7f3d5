package org.calypsohsm.itest.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.awaitility.Awaitility;
import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.calypsohsm.gateway.client.ConfiguredGatewayClient;
import org.calypsohsm.gateway.client.GatewayClient;

/** The platform with a gateway in a process of its own, in a copy of the distribution, and what its clients connect with. */
final class GatewayProcess {

    static final List<String> ROLES = List.of("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR", "METRICS", "CLIENT");
    /** A client with a certificate of the trusted authority that nobody configured. */
    static final String UNKNOWN = "unknown";
    /** A client with a certificate of another authority. */
    static final String STRANGER = "stranger";
    /** A client with channels for both groups. */
    static final String VENDING = "vending";
    /** A client with narrow limits. */
    static final String LIMITED = "limited";
    /** After how long without a sign the gateway ends a connection. */
    static final Duration SILENCE = Duration.ofMillis(2000);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Path folder;
    private final Path home;
    private final int port;
    private final Authority authority;
    private final Path trusted;
    private final Map<String, Credentials> credentials = new HashMap<>();
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();
    private final JsonObjectBuilder configuration = Json.createObjectBuilder().add(":configurator:resource-version", 1)
            .add(":configurator:symbolic-name", "org.calypsohsm.configuration").add(":configurator:version", "1.0.0");
    private Process process;

    GatewayProcess(Path folder) throws IOException, GeneralSecurityException {
        this.folder = folder;
        home = folder.resolve("dist");
        copy(Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize(), home);
        Files.copy(home.resolve("repo/gateway.json"), home.resolve("feature/gateway.json"));
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        authority = new Authority("Authority of the test");
        trusted = authority.write(folder.resolve("authority.pem"));
        Credentials server = authority.server(folder, "server");
        configuration.add("org.calypsohsm.gateway", Json.createObjectBuilder().add("port", port)
                .add("keyStore", server.keyStore().toString()).add("keyStorePasswordFile", server.passwordFile().toString())
                .add("clientAuthority", trusted.toString()).add("pingMillis", SILENCE.toMillis() / 4)
                .add("silenceMillis", SILENCE.toMillis()).add("longestLeaseMillis", 60_000));
        platform();
        for (String role : ROLES) {
            account(role, List.of(role), List.of(0), 0, 0, 0);
        }
        account(VENDING, List.of("CLIENT"), List.of(0, 1), 0, 0, 0);
        account(LIMITED, List.of("CLIENT", "OPERATOR"), List.of(0), 5, 5, 2);
        credentials.put(UNKNOWN, authority.client(folder, UNKNOWN));
        Authority other = new Authority("Another authority");
        credentials.put(STRANGER, other.client(folder, STRANGER));
    }

    private void platform() throws IOException {
        Path pin = Files.writeString(folder.resolve("pin"), "258025");
        configuration.add("org.calypsohsm.keystore.durable", Json.createObjectBuilder().add("directory", folder.resolve("keys").toString())
                .add("testGroups", Json.createArrayBuilder(List.of(0, 1))));
        configuration.add("org.calypsohsm.startup", Json.createObjectBuilder().add("tokenDirectory", folder.toString()));
        configuration.add("org.calypsohsm.startup.unattended~main", Json.createObjectBuilder().add("store", "main")
                .add("pinFile", pin.toString()).add("token", "software"));
        configuration.add("org.calypsohsm.auditlog", Json.createObjectBuilder().add("directory", folder.resolve("audit").toString())
                .add("pinFile", pin.toString()));
        for (String module : List.of("main", "spare")) {
            configuration.add("org.calypsohsm.provider.pcis3~" + module, Json.createObjectBuilder().add("hsm.module.name", module)
                    .add("model", 500).add("serialNumber", module.equals("main") ? "B0000001" : "B0000002")
                    .add("keyGroups", Json.createArrayBuilder(List.of(0, 1))));
        }
    }

    private void account(String name, List<String> roles, List<Integer> groups, int requests, int exchanges, int channels)
            throws IOException, GeneralSecurityException {
        Credentials made = authority.client(folder, name);
        credentials.put(name, made);
        JsonArrayBuilder numbers = Json.createArrayBuilder();
        groups.forEach(numbers::add);
        JsonObjectBuilder account = Json.createObjectBuilder().add("roles", Json.createArrayBuilder(roles)).add("keyGroups", numbers)
                .add("requestsPerSecond", requests).add("exchangesPerSecond", exchanges).add("channels", channels);
        // Some are known by their certificate, others by their name under the authority.
        account.add(name.equals(VENDING) ? "subject" : "certificate",
                name.equals(VENDING) ? made.certificate().getSubjectX500Principal().getName() : made.sha256());
        configuration.add("org.calypsohsm.gateway.client~" + name, account);
    }

    /** Starts it, and waits until it answers. */
    GatewayProcess start() throws IOException {
        Path file = Files.writeString(folder.resolve("hsm.json"), configuration.build().toString());
        ProcessBuilder builder = new ProcessBuilder(home.resolve("hsm").toString(), "start", "--conf", file.toString(), "--timeout", "60")
                .redirectErrorStream(true).redirectOutput(folder.resolve("output.txt").toFile());
        builder.environment().put("HSM_JAVA_OPTS", "-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
        process = builder.start();
        awaitUp();
        return this;
    }

    void awaitUp() {
        Awaitility.await("the gateway answers").atMost(PATIENCE).ignoreExceptions().until(() -> {
            HttpResponse<String> modules = send("OPERATOR", "GET", "/modules", null);
            return modules.body().split("OPERATIONAL", -1).length == 3;
        });
    }

    /** @return what the process has said */
    String output() throws IOException {
        return Files.readString(folder.resolve("output.txt"));
    }

    int port() {
        return port;
    }

    /** File of the feature; the gateway is there as long as it is. */
    Path feature() {
        return home.resolve("feature/gateway.json");
    }

    Path feature(String name) {
        return home.resolve("repo").resolve(name + ".json");
    }

    /** SHA-256 of a client's certificate. */
    String digest(String client) {
        return credentials.get(client).sha256();
    }

    // ---- clients

    /** @param name a client; null for one without a certificate */
    SSLContext tls(String name, String protocol) throws IOException, GeneralSecurityException {
        KeyStore authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        authorities.setCertificateEntry("authority", authority.certificate());
        TrustManagerFactory theirs = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        theirs.init(authorities);
        KeyManagerFactory mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        char[] password = {};
        if (name == null) {
            keys.load(null, null);
        } else {
            password = credentials.get(name).password().toCharArray();
            try (InputStream in = Files.newInputStream(credentials.get(name).keyStore())) {
                keys.load(in, password);
            }
        }
        mine.init(keys, password);
        SSLContext context = SSLContext.getInstance(protocol);
        context.init(mine.getKeyManagers(), theirs.getTrustManagers(), null);
        return context;
    }

    HttpClient http(String name) {
        return clients.computeIfAbsent(String.valueOf(name), key -> {
            try {
                return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(tls(name, "TLSv1.3")).build();
            } catch (IOException | GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    CompletableFuture<HttpResponse<String>> sendAsync(String name, String path) {
        return http(name).sendAsync(HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/api/v1" + path)).build(),
                BodyHandlers.ofString());
    }

    HttpResponse<String> send(String name, String method, String path, String body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/api/v1" + path))
                .timeout(Duration.ofSeconds(60))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        return http(name).send(request.build(), BodyHandlers.ofString());
    }

    GatewayClient client(String name, int connections) throws IOException, GeneralSecurityException {
        return client(port, name, connections, Duration.ofSeconds(30));
    }

    GatewayClient client(int through, String name, int connections, Duration silence) throws IOException, GeneralSecurityException {
        return GatewayClient.of(URI.create("https://127.0.0.1:" + through))
                .keyStore(credentials.get(name).keyStore(), credentials.get(name).password().toCharArray()).authority(trusted)
                .connections(connections).silence(silence).build();
    }

    /** Configures a client for whoever finds it on the class path. */
    void configureClient(String name) {
        System.setProperty(ConfiguredGatewayClient.GATEWAY, "https://127.0.0.1:" + port);
        System.setProperty(ConfiguredGatewayClient.KEY_STORE, credentials.get(name).keyStore().toString());
        System.setProperty(ConfiguredGatewayClient.PASSWORD_FILE, credentials.get(name).passwordFile().toString());
        System.setProperty(ConfiguredGatewayClient.AUTHORITY, trusted.toString());
    }

    // ---- the end

    /** Ends the process. */
    void close() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    /** Reads all of a stream and writes it to another. */
    static void pump(InputStream in, OutputStream out, java.util.function.BooleanSupplier flows) {
        byte[] buffer = new byte[1 << 14];
        try {
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (flows.getAsBoolean()) {
                    out.write(buffer, 0, length);
                    out.flush();
                }
            }
        } catch (IOException e) {
            // One side has closed.
        }
    }
}
