package org.calypsohsm.itest.console;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The distribution in a process of its own, with the features gateway and console, an audit log, and the aid of the tests. */
final class ConsolePlatform implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final Path SHIPPED = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    private static final Path AID = Path.of(System.getProperty("itest.bundle"));
    private static final String LOG = "log.txt";
    private static final String PIN = "258025\n";
    private static final long STOP_SECONDS = 30;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path home;
    private final ClientCertificates clients;
    private final Process process;

    ConsolePlatform() throws IOException, InterruptedException {
        home = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "hsm-");
        copy(SHIPPED, home);
        Files.copy(AID, home.resolve("feature/aid.jar"));
        for (String feature : List.of("gateway.json", "console.json")) {
            Files.copy(home.resolve("repo").resolve(feature), home.resolve("feature").resolve(feature));
        }
        Files.writeString(home.resolve("pin"), PIN);
        Path certificates = home.resolve("certificates");
        if (hsm("certificates", certificates.toString()).waitFor() != 0) {
            throw new AssertionError("No certificates:\n" + Files.readString(home.resolve(LOG)));
        }
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        ObjectMapper json = new ObjectMapper();
        ObjectNode more = (ObjectNode) json.readTree(certificates.resolve("gateway.json").toFile());
        ((ObjectNode) more.path("org.calypsohsm.gateway")).put("port", port);
        more.putObject("org.calypsohsm.auditlog").put("directory", home.resolve("audit").toString()).put("pinFile", home.resolve("pin").toString());
        // The file of the distribution has comments, which a JSON reader would lose or refuse.
        Path configuration = home.resolve("conf/hsm.json");
        String shipped = Files.readString(configuration).stripTrailing();
        Files.writeString(configuration, shipped.substring(0, shipped.length() - 1) + "," + more.toString().substring(1));
        clients = new ClientCertificates(certificates, port);
        process = hsm("start");
        awaitReady();
    }

    private Process hsm(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Dhsm.home=" + home,
                "-jar", home.resolve("lib/org.calypsohsm.launcher.jar").toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(home.resolve(LOG).toFile()).start();
    }

    private void awaitReady() throws IOException {
        try {
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).ignoreExceptions().until(() -> {
                if (!process.isAlive()) {
                    throw new AssertionError("The platform ended.");
                }
                return get("/health/ready").statusCode() == 200 && get("/console/").statusCode() == 200
                        && get("/metrics").statusCode() == 200
                        && post("/test/stop", "").statusCode() == 200 && state().path("modules").size() == 2;
            });
        } catch (RuntimeException | AssertionError e) {
            String log = Files.readString(home.resolve(LOG));
            close();
            throw new AssertionError("The platform does not get ready:\n" + log, e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    String url(String path) {
        return clients.url() + path;
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).GET().build());
    }

    HttpResponse<String> post(String path, String body, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path))).timeout(Duration.ofSeconds(30));
        return headers.length == 0 ? request : request.headers(headers);
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Has the aid do something. */
    void does(String what) throws IOException, InterruptedException {
        HttpResponse<String> response = post("/test/" + what, "");
        if (response.statusCode() != 200) {
            throw new AssertionError(what + ": " + response.body());
        }
    }

    JsonNode state(String... headers) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(get("/console/api/state", headers).body());
    }

    /** Where files of the platform lie. */
    Path home() {
        return home;
    }

    @Override
    public void close() {
        clients.close();
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
