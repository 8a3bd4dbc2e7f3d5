package org.calypsohsm.itest.console;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * Hands requests over to the gateway with the certificate of a client, since a browser under test cannot choose one: a request has
 * the role that its header {@value #ROLE} tells, and otherwise that of an administrator.
 */
final class ClientCertificates implements AutoCloseable {

    static final String ROLE = "X-Test-Role";
    /** A role without a certificate. */
    static final String NOBODY = "NOBODY";
    /** Status for a request that the gateway does not take from a client without a certificate. */
    static final int NO_CERTIFICATE = 495;

    private static final int BAD_GATEWAY = 502;
    private static final List<String> HANDED_OVER = List.of("Accept", "Content-Type", "X-HSM-Console");
    private static final List<String> HANDED_BACK = List.of("Content-Type", "Content-Security-Policy", "Cache-Control", "X-Content-Type-Options",
            "Referrer-Policy", "Location");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path folder;
    private final String gateway;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    /**
     * Starts it.
     *
     * @param folder what {@code hsm certificates} made
     * @param port   port of the gateway
     */
    ClientCertificates(Path folder, int port) throws IOException {
        this.folder = folder;
        gateway = "https://localhost:" + port;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handOver);
        server.setExecutor(threads);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void handOver(HttpExchange exchange) throws IOException {
        try (exchange) {
            String role = exchange.getRequestHeaders().getFirst(ROLE);
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(gateway + exchange.getRequestURI())).timeout(PATIENCE)
                    .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
            HANDED_OVER.forEach(name -> exchange.getRequestHeaders().getOrDefault(name, List.of()).forEach(value -> request.header(name, value)));
            String origin = exchange.getRequestHeaders().getFirst("Origin");
            if (origin != null) {
                request.header("Origin", origin.replace(url(), gateway));
            }
            HttpResponse<byte[]> response;
            try {
                response = client(role == null ? "ADMINISTRATOR" : role).send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (IOException e) {
                exchange.sendResponseHeaders(NOBODY.equals(role) ? NO_CERTIFICATE : BAD_GATEWAY, -1);
                return;
            }
            HANDED_BACK.forEach(name -> response.headers().allValues(name).forEach(value -> exchange.getResponseHeaders().add(name, value)));
            byte[] body = response.body();
            exchange.sendResponseHeaders(response.statusCode(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private HttpClient client(String role) {
        return clients.computeIfAbsent(role, name -> HttpClient.newBuilder().sslContext(tls(name)).build());
    }

    private SSLContext tls(String role) {
        try {
            KeyStore authority = KeyStore.getInstance(KeyStore.getDefaultType());
            authority.load(null, null);
            try (InputStream in = Files.newInputStream(folder.resolve("authority.pem"))) {
                authority.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
            TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trusted.init(authority);
            KeyManagerFactory own = null;
            if (!NOBODY.equals(role)) {
                String name = role.toLowerCase(Locale.ROOT);
                char[] password = Files.readString(folder.resolve(name + ".password")).strip().toCharArray();
                KeyStore keys = KeyStore.getInstance("PKCS12");
                try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
                    keys.load(in, password);
                }
                own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                own.init(keys, password);
            }
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(own == null ? null : own.getKeyManagers(), trusted.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("The certificate of " + role + " cannot be used.", e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
