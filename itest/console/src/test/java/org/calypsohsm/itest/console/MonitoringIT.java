package org.calypsohsm.itest.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.calypsohsm.key.SamKey;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Metrics, health checks and the console's answers as programs ask for them, and who gets them. */
class MonitoringIT {

    private static final List<String> ROLES = List.of("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR", "METRICS", "CLIENT", ClientCertificates.NOBODY);
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");
    private static final long PATIENCE_SECONDS = 60;
    private static final int OK = 200;
    private static final int FORBIDDEN = 403;

    private static ConsolePlatform platform;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        platform = new ConsolePlatform();
    }

    @AfterAll
    static void stop() {
        if (platform != null) {
            platform.close();
        }
    }

    @AfterEach
    void endClients() throws Exception {
        platform.does("stop");
    }

    private static List<String> allowed(String path) throws Exception {
        List<String> allowed = new ArrayList<>();
        for (String role : ROLES) {
            int status = platform.get(path, ClientCertificates.ROLE, role).statusCode();
            assertThat(status).as(path + " for " + role).isEqualTo(role.equals(ClientCertificates.NOBODY) ? ClientCertificates.NO_CERTIFICATE : status == OK ? OK : FORBIDDEN);
            if (status == OK) {
                allowed.add(role);
            }
        }
        return allowed;
    }

    @Test
    void eachRoleGetsWhatItMayHave() throws Exception {
        assertThat(allowed("/metrics")).containsExactly("ADMINISTRATOR", "METRICS");
        assertThat(allowed("/health/live")).containsExactly("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR", "METRICS", "CLIENT");
        assertThat(allowed("/health/ready")).containsExactly("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR", "METRICS", "CLIENT");
        assertThat(allowed("/console/")).containsExactly("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR");
        assertThat(allowed("/console/main.js")).containsExactly("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR");
        assertThat(allowed("/console/api/state")).containsExactly("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR");
        assertThat(allowed("/console/api/impact?from=sam-s20&to=pci-s3")).containsExactly("ADMINISTRATOR");
    }

    @Test
    void nothingIsServedBesideTheGuard() throws Exception {
        // The servlets of the health check library itself, and files of the bundle.
        for (String path : List.of("/system/health", "/system/health.json", "/console/%2e%2e/", "/console/page/index.html", "/health", "/")) {
            assertThat(platform.get(path).statusCode()).as(path).isNotEqualTo(OK);
        }
    }

    @Test
    void ordersComeFromTheConsoleOnly() throws Exception {
        String order = "{\"from\":\"none\",\"to\":\"sam-s20\"}";
        String[] own = {"Content-Type", "application/json", "X-HSM-Console", "1"};
        assertThat(platform.post("/console/api/swap", order, own).body()).contains("No feature none is installed");
        assertThat(platform.post("/console/api/swap", order, "Content-Type", "application/json").statusCode()).isEqualTo(FORBIDDEN);
        assertThat(platform.post("/console/api/swap", order, "Content-Type", "application/json", "X-HSM-Console", "1", "Origin",
                "https://elsewhere.example").statusCode()).isEqualTo(FORBIDDEN);
        assertThat(platform.post("/console/api/swap", order, "Content-Type", "application/json", "X-HSM-Console", "1",
                ClientCertificates.ROLE, "OPERATOR").statusCode()).isEqualTo(FORBIDDEN);
    }

    @Test
    void healthFollowsTheModules() throws Exception {
        HttpResponse<String> well = platform.get("/health/ready");
        assertThat(well.statusCode()).isEqualTo(OK);
        assertThat(well.headers().firstValue("Content-Type")).hasValueSatisfying(type -> assertThat(type).startsWith("application/json"));

        platform.does("drain?module=main");
        // Only main has key group 1.
        await().atMost(ConsolePlatform.PATIENCE).until(() -> platform.get("/health/ready").statusCode() == 503);
        JsonNode ill = new ObjectMapper().readTree(platform.get("/health/ready").body());
        assertThat(ill.path("status").asText()).isEqualTo("NOT OK");
        assertThat(ill.toString()).contains("Key group 1 is on no module in service.");
        assertThat(platform.get("/health/live").statusCode()).isEqualTo(OK);

        platform.does("undrain?module=main");
        await().atMost(ConsolePlatform.PATIENCE).until(() -> platform.get("/health/ready").statusCode() == OK);
    }

    @Test
    void metricsFollowTheWork() throws Exception {
        platform.does("count?group=0&ceiling=16000000");
        platform.does("clients?count=8&pauseMillis=1");
        await().atMost(ConsolePlatform.PATIENCE).until(() -> metric("hsm_key_uses_total{counter=\"2\",group=\"0\",store=\"test\"}") > 100);
        assertThat(metric("hsm_module_channels_in_use{module=\"main\"}") + metric("hsm_module_channels_in_use{module=\"spare\"}")).isEqualTo(8);
        double exchanges = metric("hsm_exchanges_total{module=\"main\"}");
        await().atMost(ConsolePlatform.PATIENCE).until(() -> metric("hsm_exchanges_total{module=\"main\"}") > exchanges + 640);
        // One in 64; the channels are not all at the same place of their samples.
        double timed = metric("hsm_exchange_seconds_count{module=\"main\"}");
        assertThat(timed).isBetween(exchanges / 64 - 16, (metric("hsm_exchanges_total{module=\"main\"}") + 64) / 64 + 16);
        assertThat(metric("jvm_memory_used_bytes{area=\"heap\"}")).isPositive();
    }

    private static double metric(String name) throws Exception {
        return platform.get("/metrics").body().lines().filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1))).findFirst().orElse(0);
    }

    @Test
    void noKeyByteAndNoApduComesOut() throws Exception {
        platform.does("count?group=0&ceiling=16000000");
        platform.does("clients?count=8&pauseMillis=1");
        await().atMost(ConsolePlatform.PATIENCE).until(() -> metric("hsm_key_uses_total{counter=\"2\",group=\"0\",store=\"test\"}") > 100);
        StringBuilder all = new StringBuilder();
        for (String path : List.of("/console/api/state", "/console/api/impact?from=sam-s20&to=pci-s3", "/metrics", "/health/ready", "/health/live",
                "/console/api/impact?from=none&to=none")) {
            all.append(platform.get(path).body()).append('\n');
        }
        String text = all.toString();
        List<SamKey> keys = Stream.of(0, 1).flatMap(group -> Stream.concat(TestKeys.workKeys(group).stream(), TestKeys.systemKeys(group).stream()))
                .toList();
        assertThat(keys).hasSizeGreaterThan(20);
        for (SamKey key : keys) {
            byte[] value = key.value().revealKeyBytes();
            // A half is enough to be too much.
            byte[] half = Arrays.copyOf(value, value.length / 2);
            assertThat(text.toLowerCase(Locale.ROOT)).doesNotContain(HexFormat.of().formatHex(half), HexFormat.ofDelimiter(" ").formatHex(half),
                    HexFormat.ofDelimiter(":").formatHex(half));
            assertThat(text).doesNotContain(Base64.getEncoder().encodeToString(value).substring(0, 10), Arrays.toString(half).replace("]", ""),
                    new String(half, StandardCharsets.ISO_8859_1));
        }
        // An APDU of a session has more hexadecimal digits in a row than anything that is shown.
        assertThat(Pattern.compile("\\b[0-9A-Fa-f]{14,}\\b").matcher(platform.state().toString()).results().map(match -> match.group())
                .filter(digits -> !digits.matches("[0-9]+"))).isEmpty();
    }

    /** @return what promtool printed */
    private static String promtool(Path input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(PROMTOOL.toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(Path.of("target"), "promtool", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        if (input != null) {
            builder.redirectInput(input.toFile());
        }
        Process process = builder.start();
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        String printed = Files.readString(output);
        Files.delete(output);
        assertThat(process.exitValue()).as(printed).isZero();
        return printed;
    }

    @Test
    void prometheusUnderstandsTheMetrics() throws Exception {
        assumeThat(PROMTOOL).as("promtool, of Debian's package prometheus").exists();
        Path metrics = Files.writeString(Path.of("target/metrics.txt"), platform.get("/metrics").body());
        assertThat(promtool(metrics, "check", "metrics")).isEmpty();
    }

    @Test
    void prometheusUnderstandsTheRulesAndTheyFireWhenTheyShould() throws Exception {
        assumeThat(PROMTOOL).as("promtool, of Debian's package prometheus").exists();
        Path rules = platform.home().resolve("monitoring/hsm-alerts.yml");
        promtool(null, "check", "rules", rules.toString());
        Path tests = Path.of("target/alerts-test.yml");
        Files.writeString(tests, Files.readString(Path.of("src/test/resources/alerts-test.yml")).replace("@rules@", rules.toString()));
        promtool(null, "test", "rules", tests.toString());
    }

    @Test
    void prometheusUnderstandsThePanels() throws Exception {
        assumeThat(PROMTOOL).as("promtool, of Debian's package prometheus").exists();
        StringBuilder rules = new StringBuilder("groups:\n  - name: panels\n    rules:\n");
        int panel = 0;
        for (JsonNode expression : new ObjectMapper().readTree(platform.home().resolve("monitoring/hsm-dashboard.json").toFile())
                .findValues("expr")) {
            rules.append("      - record: panel:").append(panel++).append("\n        expr: '")
                    .append(expression.asText().replace("$__rate_interval", "5m").replace("'", "''")).append("'\n");
        }
        Path file = Files.writeString(Path.of("target/panels.yml"), rules);
        assertThat(promtool(null, "check", "rules", file.toString())).contains(panel + " rules found");
    }
}
