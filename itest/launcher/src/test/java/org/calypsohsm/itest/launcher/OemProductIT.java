package org.calypsohsm.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The product of the OEM example comes into the running distribution, which does not know it, and gets keys there. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the script for bash")
class OemProductIT {

    private static final Path HOME = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    private static final Path JAR = Path.of(System.getProperty("oem.jar")).toAbsolutePath().normalize();
    private static final String PIN = "258025";
    private static final String PASSWORD = "correct horse";

    @TempDir
    Path work;

    /** What the deployer trusts: as before, and the certificate that the OEM handed to him. */
    private Path trust() throws Exception {
        Path store = Files.createDirectories(work.resolve("trust"));
        Files.copy(JAR.resolveSibling("gtml.pem"), store.resolve("gtml.pem"), StandardCopyOption.REPLACE_EXISTING);
        Path ours = HOME.resolve("conf/trust/developer.pem");
        if (Files.exists(ours)) {
            Files.copy(ours, store.resolve("developer.pem"), StandardCopyOption.REPLACE_EXISTING);
        }
        return store;
    }

    @Test
    void comesWhileThePlatformRunsAndGetsKeys() throws Exception {
        Path conf = Files.writeString(work.resolve("conf.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.oem",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.durable": {"directory": "%1$s/keys"},
                  "org.calypsohsm.startup": {"tokenDirectory": "%1$s"},
                  "org.calypsohsm.provider.pcis3~one": {"hsm.module.name": "one", "model": 100, "serialNumber": "B0000009"}
                }
                """.formatted(work));
        Map<String, String> environment = Map.of("HSM_JAVA_OPTS", "-Dhsm.trust.store=" + trust());
        try (HsmProcess hsm = new HsmProcess(HOME, work, environment, "start", "--shell", "--conf", conf.toString())) {
            hsm.firstLine();
            hsm.type("products", "echo before", "initialize main --software-token", PIN, PIN,
                    "putofficer alice --roles administrator", PASSWORD, PASSWORD, "login alice", PASSWORD,
                    "creategroup 7", "generatekey 7 21 64 5B",
                    "start file:" + JAR, "products", "selftest one", "keys 7", "status",
                    "felix:uninstall com.example.gtml.gtml", "echo after", "products");
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            String output = hsm.output();
            String before = output.substring(0, output.indexOf("before"));
            String after = output.substring(output.lastIndexOf("after"));
            String during = output.substring(before.length(), output.length() - after.length());
            assertThat(before).contains("Tango").doesNotContain("GTML");
            assertThat(during).contains("GTML", "com.example.gtml", "field algorithm of GTML is not public",
                    "Made: key KIF 21 KVC 64 ALG 5B", "Module one is OPERATIONAL", "OK: 1 module");
            assertThat(after).contains("Tango").doesNotContain("GTML");
        }
    }
}
