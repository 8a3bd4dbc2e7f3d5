package org.calypsohsm.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code hsm} of the distribution, as its user sees it. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the script for bash")
class LauncherIT {

    private static final Path HOME = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    private static final int SIGTERM_EXIT = 143;

    @TempDir
    private Path work;

    private HsmProcess hsm(String... arguments) throws IOException {
        return new HsmProcess(HOME, work, Map.of(), arguments);
    }

    @Test
    void helpExplainsAllCommands() throws Exception {
        try (HsmProcess hsm = hsm("--help")) {
            assertThat(hsm.output()).contains("start", "demo", "certificates", "bench", "fuzz", "soak", "new-product", "test", "Exit codes");
            assertThat(hsm.exitCode()).isZero();
            assertThat(hsm.errors()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "card", "demo", "certificates", "sam-s20-card", "bench", "fuzz", "soak", "new-product", "test"})
    void everyCommandHasHelp(String command) throws Exception {
        try (HsmProcess hsm = hsm(command, "--help")) {
            assertThat(hsm.output()).contains("Usage: hsm " + command);
            assertThat(hsm.exitCode()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"start --bogus", "demo --bogus", "demo --channels 0", "demo --channels many", "demo --via card --modules SAM-S20", "card", "start --timeout 0",
        "start --conf no-such-file", "nonsense", ""})
    void wrongUseIsExplained(String commandLine) throws Exception {
        try (HsmProcess hsm = hsm(commandLine.isEmpty() ? new String[0] : commandLine.split(" "))) {
            assertThat(hsm.exitCode()).isEqualTo(2);
            assertThat(hsm.output()).isEmpty();
            assertThat(hsm.errors()).startsWith("hsm: ").contains("--help").doesNotContain("\tat ");
        }
    }

    @Test
    void startIsReadySoonAndEndsOnSigterm() throws Exception {
        try (HsmProcess hsm = hsm("start")) {
            assertThat(hsm.firstLine()).as(hsm.errors()).startsWith("Ready after ")
                    .contains("main (PCI-S3, 500 channels, OPERATIONAL)", "spare (SAM-S20, 20 channels, OPERATIONAL)")
                    .contains("CD21", "CD97", "Tango");
            assertThat(hsm.errors()).contains("TEST KEYS").doesNotContain("ERROR", "\tat ");
            hsm.terminate();
            assertThat(hsm.exitCode()).isEqualTo(SIGTERM_EXIT);
            assertThat(hsm.errors()).doesNotContain("ERROR", "\tat ");
        }
        try (Stream<Path> leftovers = Files.list(HsmProcess.temporary(work))) {
            assertThat(leftovers).isEmpty();
        }
    }

    @Test
    void shellReadsCommandsUntilTheEndOfTheInput() throws Exception {
        try (HsmProcess hsm = hsm("start", "--shell")) {
            assertThat(hsm.firstLine()).as(hsm.errors()).startsWith("Ready after ");
            hsm.type("hsm:status", "modules --json", "modules --bogus", "drain spare", "yes", "modules", "undrain spare", "nonsense");
            assertThat(hsm.exitCode()).isZero();
            assertThat(hsm.output()).contains("OK: 2 modules with 520 channels", "\"name\":\"spare\"", "hsm:modules has no option --bogus",
                    "Drain spare? [y/N] Module spare is drained", "DRAINING", "Module spare is OPERATIONAL", "Command not found: nonsense")
                    .doesNotContain("\tat ");
            assertThat(hsm.errors()).doesNotContain("ERROR", "\tat ");
        }
        try (Stream<Path> leftovers = Files.list(HsmProcess.temporary(work))) {
            assertThat(leftovers).isEmpty();
        }
    }

    @Test
    void shellDoesNotHoldUpTheEnd() throws Exception {
        try (HsmProcess hsm = hsm("start", "--shell")) {
            assertThat(hsm.firstLine()).as(hsm.errors()).startsWith("Ready after ");
            hsm.terminate();
            assertThat(hsm.exitCode()).isEqualTo(SIGTERM_EXIT);
            assertThat(hsm.errors()).doesNotContain("FAILED TO STOP", "ERROR", "\tat ");
        }
    }

    @Test
    void demoSellsWithoutALostSession() throws Exception {
        Path figures = work.resolve("figures.json");
        try (HsmProcess hsm = hsm("demo", "--channels", "50", "--sessions", "200", "--modules", "PCI-S3:100,SAM-S20", "--json",
                figures.toString())) {
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            assertThat(hsm.output()).contains("200 sessions, 0 failed");
        }
        JsonNode document = new ObjectMapper().readTree(figures.toFile());
        assertThat(document.get("channels").intValue()).isEqualTo(50);
        assertThat(document.findValues("failed")).isNotEmpty().allMatch(failed -> failed.intValue() == 0);
        try (Stream<Path> leftovers = Files.list(HsmProcess.temporary(work))) {
            assertThat(leftovers).isEmpty();
        }
    }

    @Test
    void demoSellsThroughCardProcesses() throws Exception {
        try (HsmProcess hsm = hsm("demo", "--via", "card", "--channels", "50", "--sessions", "200", "--modules", "PCI-S3:100")) {
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            assertThat(hsm.output()).contains("200 sessions, 0 failed");
            assertThat(hsm.errors()).contains("Module pci-s3-2 has its card").doesNotContain("ERROR", "\tat ");
        }
        try (Stream<Path> leftovers = Files.list(HsmProcess.temporary(work))) {
            // The native part of JNA goes with the next process that uses it.
            assertThat(leftovers.filter(file -> !file.getFileName().toString().startsWith("jna"))).isEmpty();
        }
    }

    @Test
    void aCardThatServesNothingIsExplained() throws Exception {
        Path configuration = Files.writeString(work.resolve("no-server.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "test",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.test": { "groups": [0] },
                  "org.calypsohsm.provider.pcis3~card": { "hsm.module.name": "card" }
                }
                """);
        try (HsmProcess hsm = hsm("card", "--socket", work.resolve("own/socket").toString(), "--conf", configuration.toString(),
                "--timeout", "2")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("Nothing serves at", "org.calypsohsm.cardserver");
        }
    }

    @Test
    void demoSellsOverTheGateway() throws Exception {
        Path home = distributionWithout("nothing");
        try (HsmProcess hsm = new HsmProcess(home, work, Map.of(), "demo", "--via", "gateway", "--channels", "50", "--sessions", "200",
                "--modules", "PCI-S3:100,SAM-S20")) {
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            assertThat(hsm.output()).contains("over TLS 1.3", "200 sessions, 0 failed");
            assertThat(hsm.errors()).doesNotContain("ERROR", "\tat ");
        }
        assertThat(home.resolve("feature/gateway.json")).as("what the demo installs goes again").doesNotExist();
        try (Stream<Path> leftovers = Files.list(HsmProcess.temporary(work))) {
            assertThat(leftovers).isEmpty();
        }
    }

    @Test
    void certificatesAreMadeForOneselfAndAGatewayStartsWithThem() throws Exception {
        Path folder = work.resolve("certificates");
        try (HsmProcess hsm = hsm("certificates", folder.toString())) {
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            assertThat(hsm.output()).contains("6 clients");
        }
        assertThat(Files.getPosixFilePermissions(folder.resolve("server.password"))).hasSize(2);
        assertThat(Files.readString(folder.resolve("server.password"))).isNotEqualTo(Files.readString(folder.resolve("client.password")));
        try (HsmProcess again = hsm("certificates", folder.toString())) {
            assertThat(again.exitCode()).isEqualTo(2);
            assertThat(again.errors()).contains("is there already");
        }
        Path home = distributionWithout("nothing");
        Files.copy(home.resolve("repo/gateway.json"), home.resolve("feature/gateway.json"));
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        String made = Files.readString(folder.resolve("gateway.json")).replace("8443", Integer.toString(port));
        Path conf = home.resolve("conf/hsm.json");
        Files.writeString(conf, Files.readString(conf).replaceFirst("\\}\\s*$",
                Matcher.quoteReplacement("," + made.substring(made.indexOf('{') + 1))));
        try (HsmProcess hsm = new HsmProcess(home, work, Map.of(), "start", "--shell")) {
            assertThat(hsm.firstLine()).as(hsm.errors()).startsWith("Ready after ");
            hsm.type("features", "status");
            assertThat(hsm.exitCode()).isZero();
            assertThat(hsm.errors()).contains("Gateway for https://127.0.0.1:" + port).doesNotContain("ERROR", "\tat ");
        }
    }

    /** Twice, so that the second run finds what the first one left. */
    @Test
    void demoRunsOnAStoreAndAnAuditLogOnTheDisk() throws Exception {
        Path pin = Files.writeString(work.resolve("pin"), "258025");
        Path conf = Files.writeString(work.resolve("durable.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.durable",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.durable": {"directory": "%1$s/keys", "testGroups": [0]},
                  "org.calypsohsm.startup": {"tokenDirectory": "%1$s"},
                  "org.calypsohsm.startup.unattended~main": {"store": "main", "pinFile": "%2$s", "token": "software"},
                  "org.calypsohsm.auditlog": {"directory": "%1$s/audit", "pinFile": "%2$s"}
                }
                """.formatted(work, pin));
        for (int run = 0; run < 2; run++) {
            try (HsmProcess hsm = hsm("demo", "--channels", "50", "--sessions", "200", "--modules", "PCI-S3:100", "--conf",
                    conf.toString())) {
                assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
                assertThat(hsm.output()).contains("200 sessions, 0 failed");
            }
        }
        assertThat(work.resolve("keys/keys.db")).isNotEmptyFile();
        try (Stream<Path> logs = Files.list(work.resolve("audit"))) {
            String log = Files.readString(logs.filter(file -> file.toString().endsWith(".jsonl")).findFirst().orElseThrow());
            assertThat(log.split("\"audit.start\"")).as("two starts in one chain").hasSize(3);
            assertThat(log).contains("\"module.drain\"", "\"pci-s3-1\"");
        }
    }

    @Test
    void demoRefusesMoreChannelsThanItsModulesHave() throws Exception {
        try (HsmProcess hsm = hsm("demo", "--channels", "21", "--modules", "SAM-S20")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("20 channels");
        }
    }

    /** Copies the distribution without some of its bundles. */
    private Path distributionWithout(String bundle) throws IOException {
        Path home = work.resolve("dist");
        try (Stream<Path> files = Files.walk(HOME)) {
            for (Path file : files.filter(path -> !path.getFileName().toString().startsWith(bundle)).toList()) {
                Files.copy(file, home.resolve(HOME.relativize(file)));
            }
        }
        assertThat(home.resolve("hsm").toFile().setExecutable(true)).isTrue();
        return home;
    }

    @Test
    void unsignedBundleIsNotServed() throws Exception {
        Path home = distributionWithout("org.calypsohsm.product.cd21");
        Path signed;
        Files.delete(home.resolve("feature/cd21.json"));
        try (Stream<Path> files = Files.list(HOME.resolve("repo"))) {
            signed = files.filter(file -> file.getFileName().toString().startsWith("org.calypsohsm.product.cd21"))
                    .findFirst().orElseThrow();
        }
        try (ZipFile from = new ZipFile(signed.toFile());
                ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(home.resolve("bundle/oem.jar")))) {
            for (ZipEntry entry : from.stream().filter(one -> !one.getName().matches("META-INF/[^/]*\\.(SF|RSA)")).toList()) {
                to.putNextEntry(new ZipEntry(entry.getName()));
                from.getInputStream(entry).transferTo(to);
            }
        }
        try (HsmProcess hsm = new HsmProcess(home, work, Map.of(), "start", "--shell")) {
            assertThat(hsm.firstLine()).as(hsm.errors()).startsWith("Ready after ").contains("CD97, Tango").doesNotContain("CD21");
            hsm.type("status", "why cd21", "products", "trust");
            assertThat(hsm.exitCode()).isZero();
            String refused = "Bundle org.calypsohsm.product.cd21 1.1.0.SNAPSHOT is refused since it is not signed";
            assertThat(hsm.output()).contains("NOT OK", "  - " + refused, "hidden from the platform", "CN=Developer of this checkout")
                    .doesNotContain("\nCD21 ");
            assertThat(hsm.errors()).contains(refused).doesNotContain("ERROR", "\tat ");
        }
    }

    @Test
    void missingTrustStoreIsExplained() throws Exception {
        Path missing = work.resolve("nowhere");
        Map<String, String> environment = Map.of("HSM_JAVA_OPTS", "-Dhsm.trust.store=" + missing);
        try (HsmProcess hsm = new HsmProcess(HOME, work, environment, "start", "--timeout", "2")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("No SecurityModule came up within 2 s",
                    "org.calypsohsm.provider.pcis3 1.1.0.SNAPSHOT is refused since it cannot be checked because"
                            + " the trust store " + missing, "put a certificate").doesNotContain("\tat ");
        }
    }

    @Test
    void missingBundleIsNamed() throws Exception {
        Path home = distributionWithout("bcprov");
        try (HsmProcess hsm = new HsmProcess(home, work, Map.of(), "start", "--timeout", "2")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.output()).isEmpty();
            assertThat(hsm.errors()).contains("No SecurityModule came up within 2 s",
                    "Bundle org.calypsohsm.sam does not resolve.", "Bundle org.calypsohsm.sam needs ", "org.bouncycastle");
        }
    }

    @Test
    void wrongConfigurationIsExplained() throws Exception {
        Path configuration = Files.writeString(work.resolve("hsm.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "test",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.test": { "groups": [0] },
                  "org.calypsohsm.provider.pcis3~odd": { "hsm.module.name": "odd", "model": 7 },
                  "org.calypsohsm.provider.nobody~x": { "hsm.module.name": "x" }
                }
                """);
        try (HsmProcess hsm = hsm("start", "--conf", configuration.toString(), "--timeout", "2")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("100, 500, 1000 or 5000 channels, not 7",
                    "No bundle has a component for the configuration org.calypsohsm.provider.nobody~x");
        }
    }

    @Test
    void missingJavaIsExplained() throws Exception {
        try (HsmProcess hsm = new HsmProcess(HOME, work, Map.of("JAVA_HOME", work.resolve("nowhere").toString()), "start")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("JAVA_HOME is ", "a JDK 17");
        }
    }

    @Test
    void oldJavaIsExplained() throws Exception {
        Path jdk = work.resolve("jdk");
        Path java = Files.createDirectories(jdk.resolve("bin")).resolve("java");
        Files.createFile(java);
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"11.0.25\"\n");
        try (HsmProcess hsm = new HsmProcess(HOME, work, Map.of("JAVA_HOME", jdk.toString()), "start")) {
            assertThat(hsm.exitCode()).isEqualTo(1);
            assertThat(hsm.errors()).contains("is Java 11", "JDK 17");
        }
    }
}
