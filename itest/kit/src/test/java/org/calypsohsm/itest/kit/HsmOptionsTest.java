package org.calypsohsm.itest.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Constants;

class HsmOptionsTest {

    private static final String BEFORE = System.getProperty(Distribution.HOME);

    @TempDir
    Path home;

    @BeforeEach
    void distribution() throws IOException {
        Files.createDirectories(home.resolve("bundle"));
        jar("slf4j-api-2.0.16.jar", "slf4j.api");
        jar("org.calypsohsm.sam-1.1.0.jar", "org.calypsohsm.sam;singleton:=true");
        Files.createDirectories(home.resolve("conf"));
        Files.writeString(home.resolve("conf/hsm.json"), """
                {
                  // A comment, as the distribution's own file has.
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "test",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.test": {"groups": [0, 7]},
                  "org.calypsohsm.provider.pcis3~main": {"hsm.module.name": "main", "model": 500},
                  "org.calypsohsm.provider.sams20~spare": {"hsm.module.name": "spare"}
                }
                """);
    }

    @AfterEach
    void asBefore() {
        if (BEFORE == null) {
            System.clearProperty(Distribution.HOME);
        } else {
            System.setProperty(Distribution.HOME, BEFORE);
        }
    }

    private Path jar(String file, String symbolicName) throws IOException {
        return jar("bundle", file, symbolicName);
    }

    private Path jar(String folder, String file, String symbolicName) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (symbolicName != null) {
            manifest.getMainAttributes().putValue(Constants.BUNDLE_SYMBOLICNAME, symbolicName);
        }
        Path jar = Files.createDirectories(home.resolve(folder)).resolve(file);
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
        return jar;
    }

    @Test
    void withoutAFolderItSaysWhatToSet() {
        System.clearProperty(Distribution.HOME);
        assumeTrue(System.getenv("HSM_HOME") == null);
        assertThatThrownBy(HsmOptions::distribution).isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("Set the system property hsm.home", "HSM_HOME", "feature-repo/target/dist");
    }

    @Test
    void aFolderThatIsNoDistributionIsNamed() {
        System.setProperty(Distribution.HOME, home.resolve("conf").toString());
        assertThatThrownBy(HsmOptions::distribution).isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(home.resolve("conf").toString(), "is no distribution of the platform");
    }

    @Test
    void bundlesHaveTheirSymbolicNamesAndLevels() {
        assertThat(Distribution.at(home).bundles(false)).extracting(Distribution.Jar::symbolicName, Distribution.Jar::level)
                .containsExactly(tuple("org.calypsohsm.sam", 3), tuple("slf4j.api", 2));
    }

    @Test
    void ofTheRepositoryOnlyWhatIsInstalledIsThere() throws IOException {
        jar("repo", "product-1.0.jar", "product");
        jar("repo", "server-1.0-fat.jar", "server");
        jar("repo", "service-1.0.jar", "service");
        Files.createDirectories(home.resolve("feature"));
        Files.writeString(home.resolve("feature/some.json"), """
                {"id": "g:some:1", "bundles": [{"id": "g:product:1.0"}, {"id": "g:server:jar:fat:1.0"}]}
                """);
        assertThat(Distribution.at(home).bundles(false)).extracting(Distribution.Jar::symbolicName)
                .containsExactly("org.calypsohsm.sam", "slf4j.api", "product", "server");
        assertThat(Distribution.at(home).bundles(true)).extracting(Distribution.Jar::symbolicName)
                .containsExactly("org.calypsohsm.sam", "slf4j.api");
    }

    @Test
    void whatIsLeftOutMustBeThere() {
        assertThatThrownBy(() -> HsmOptions.distribution(home).without("org.calypsohsm.samm"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The distribution has no bundle org.calypsohsm.samm to leave out, only [org.calypsohsm.sam, slf4j.api].");
    }

    @Test
    void aJarThatIsNoBundleIsRefused() throws IOException {
        Path plain = jar("plain.jar", null);
        HsmOptions options = HsmOptions.distribution(home);
        assertThatThrownBy(() -> options.with(plain)).isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(plain.toString(), "is no OSGi bundle", "Build it with bnd");
    }

    @Test
    void configurationsAreReadChangedAndWritten() {
        ConfigurationFile file = ConfigurationFile.read(home.resolve("conf/hsm.json"));
        assertThat(file.modules()).containsExactly("main", "spare");
        file.merge("org.calypsohsm.provider.pcis3~main", Map.of("model", 100));
        file.merge("org.calypsohsm.provider.pcis3~third", Map.of("hsm.module.name", "third", "keyGroups", new Integer[] {7}));
        file.configurations().remove("org.calypsohsm.provider.sams20~spare");
        Path written = home.resolve("written.json");
        file.write(written);
        ConfigurationFile again = ConfigurationFile.read(written);
        assertThat(again.modules()).containsExactly("main", "third");
        assertThat(again.configurations().get("org.calypsohsm.provider.pcis3~main")).containsEntry("hsm.module.name", "main");
        assertThat(again.configurations().get("org.calypsohsm.provider.pcis3~main").get("model")).hasToString("100");
        assertThat(Arrays.toString((Object[]) again.configurations().get("org.calypsohsm.provider.pcis3~third").get("keyGroups")))
                .isEqualTo("[7]");
    }

    @Test
    void aConfigurationThatIsNoJsonIsExplained() {
        HsmOptions options = HsmOptions.distribution(home);
        assertThatThrownBy(() -> options.configuration("{\"open\": ")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("The configuration of the test is not what the Configurator takes");
    }
}
