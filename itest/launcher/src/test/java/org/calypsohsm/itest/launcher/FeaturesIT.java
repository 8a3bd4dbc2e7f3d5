package org.calypsohsm.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Features as a deployer handles them: typed into the shell of a distribution, and as files in its folders. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the script for bash")
class FeaturesIT {

    private static final Path SHIPPED = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();

    @TempDir
    Path work;

    private Path home;

    @BeforeEach
    void copyTheDistribution() throws IOException {
        home = work.resolve("dist");
        try (Stream<Path> files = Files.walk(SHIPPED)) {
            for (Path file : files.toList()) {
                Files.copy(file, home.resolve(SHIPPED.relativize(file)));
            }
        }
        assertThat(home.resolve("hsm").toFile().setExecutable(true)).isTrue();
    }

    /** @return what the shell printed */
    private String type(String... lines) throws Exception {
        try (HsmProcess hsm = new HsmProcess(home, work, Map.of(), "start", "--shell")) {
            hsm.firstLine();
            hsm.type(lines);
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            assertThat(hsm.output()).doesNotContain("\tat ");
            return hsm.output() + hsm.errors();
        }
    }

    private List<String> installed() throws IOException {
        try (Stream<Path> files = Files.list(home.resolve("feature"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aRestartComesUpAsItWasLeft() throws Exception {
        String first = type("features", "swap pci-s3 sam-s20", "no", "swap pci-s3 sam-s20 --drain-timeout 5", "yes", "modules",
                "uninstall cd21 --yes", "products", "install cd21", "yes", "uninstall tango --yes", "swap none sam-s20",
                "install cd21 --yes", "update");
        assertThat(first).contains("WARNING: No module will serve key group 1", "Swap pci-s3 for sam-s20? [y/N] Nothing was changed.",
                "org.calypsohsm.feature:sam-s20:", "has taken the place of", "WARNING: No plugin will serve ALG 30",
                "Install cd21? [y/N] Feature org.calypsohsm.feature:cd21:", "No feature none is installed", "is installed already",
                "All features are the newest that the repository has.");
        assertThat(installed()).containsExactly("cd21.json", "cd97.json", "pci-s3-device.json", "sam-s20-pcsc.json", "sam-s20.json");

        String second = type("modules --json", "features --json", "install tango --yes", "install pci-s3 --yes", "status");
        assertThat(second).contains("modules spare (SAM-S20, 20 channels", "products CD21, CD97",
                "no bundle has a component for the configuration org.calypsohsm.provider.pcis3~main",
                "OK: 2 modules with 520 channels");
        assertThat(installed()).containsExactly("cd21.json", "cd97.json", "pci-s3-device.json", "pci-s3.json", "sam-s20-pcsc.json",
                "sam-s20.json", "tango.json");
    }

    @Test
    void aJarThatWasChangedIsNotInstalled() throws Exception {
        Path jar;
        try (Stream<Path> files = Files.list(home.resolve("repo"))) {
            jar = files.filter(file -> file.getFileName().toString().startsWith("org.calypsohsm.product.cd21-")).findFirst()
                    .orElseThrow();
        }
        byte[] content = Files.readAllBytes(jar);
        content[content.length - 1] ^= 1;
        Files.write(jar, content);
        String shown = type("features", "install cd21 --yes", "products");
        assertThat(shown).contains("products CD97, Tango",
                jar.getFileName() + " is not the one that the feature file cd21.json means");
        assertThat(installed()).as("what was installed stays written down").contains("cd21.json");
    }
}
