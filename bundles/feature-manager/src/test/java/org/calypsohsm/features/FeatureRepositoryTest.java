package org.calypsohsm.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Feature files, jars and the index: only what all of them mean is handed out. */
class FeatureRepositoryTest {

    @TempDir
    Path folder;

    private final FeatureReader reader = new FeatureReader(Features.SERVICE);

    private FeatureRepository repository() {
        return new FeatureRepository(folder, reader);
    }

    private void index(String digest) throws Exception {
        Files.writeString(folder.resolve(FeatureRepository.INDEX), """
                <?xml version='1.0' encoding='UTF-8'?>
                <repository xmlns="http://www.osgi.org/xmlns/repository/v1.0.0" name="test" increment="1">
                  <resource>
                    <capability namespace="osgi.content">
                      <attribute name="url" value="a-1.jar"/>
                      <attribute name="osgi.content" value="%s"/>
                    </capability>
                  </resource>
                  <resource>
                    <capability namespace="osgi.content">
                      <attribute name="url" value="urn:osgi-bnd-mrj:a:1:9"/>
                      <attribute name="osgi.content" value="none"/>
                    </capability>
                  </resource>
                </repository>
                """.formatted(digest));
    }

    private static Reason reason(Throwable fault) {
        return ((FeatureException) fault).reason();
    }

    @Test
    void aFeatureAndItsJarsAreRead() throws Exception {
        Features.write(folder, "a", "1", "one");
        FeatureFile feature = repository().features().get(0);
        assertThat(feature.id()).isEqualTo("com.example:a:1");
        assertThat(feature.name()).isEqualTo("a");
        assertThat(feature.configurations().get("com.example.provider~one")).containsEntry("hsm.module.name", "one");
        assertThat(repository().jars(feature)).singleElement()
                .satisfies(jar -> assertThat(jar.content()).asString().isEqualTo("the jar of a 1"));
    }

    @Test
    void theLastPartOfTheArtifactIsTheName() throws Exception {
        String json = Features.json("com.example.long-name", "1", "0".repeat(64), null)
                .replaceFirst("\"id\"", "\"categories\": [\"product\"], \"id\"");
        FeatureFile feature = reader.read("f.json", json.getBytes(StandardCharsets.UTF_8));
        assertThat(feature.name()).isEqualTo("long-name");
        assertThat(feature.kind()).isEqualTo(FeatureKind.PRODUCT);
        assertThat(feature.isNamed("long-name")).isTrue();
        assertThat(feature.isNamed("com.example:com.example.long-name")).isTrue();
        assertThat(feature.isNamed("name")).isFalse();
    }

    @Test
    void aServiceIsAKindOfItsOwn() throws Exception {
        String json = Features.json("gateway", "1", "0".repeat(64), null).replaceFirst("\"id\"", "\"categories\": [\"service\"], \"id\"");
        assertThat(reader.read("f.json", json.getBytes(StandardCharsets.UTF_8)).kind()).isEqualTo(FeatureKind.SERVICE);
    }

    @Test
    void aJarThatTheFeatureDoesNotMeanIsRefusedByName() throws Exception {
        Features.write(folder, "a", "1", null);
        FeatureFile feature = repository().features().get(0);
        Files.writeString(folder.resolve("a-1.jar"), "another jar");
        assertThatThrownBy(() -> repository().jars(feature)).hasMessageContaining("a-1.jar")
                .hasMessageContaining("nothing was installed")
                .satisfies(fault -> assertThat(reason(fault)).isEqualTo(Reason.WRONG_DIGEST));
        assertThatThrownBy(() -> repository().jarsAtStart(feature)).hasMessageContaining("a-1.jar");
    }

    @Test
    void aJarThatTheIndexDoesNotMeanIsRefused() throws Exception {
        Features.write(folder, "a", "1", null);
        FeatureFile feature = repository().features().get(0);
        index(repository().jars(feature).get(0).sha256().toUpperCase(Locale.ROOT));
        assertThat(repository().jars(feature)).hasSize(1);
        index("0".repeat(64));
        assertThatThrownBy(() -> repository().jars(feature)).hasMessageContaining("index of the repository")
                .satisfies(fault -> assertThat(reason(fault)).isEqualTo(Reason.WRONG_DIGEST));
        Files.writeString(folder.resolve(FeatureRepository.INDEX), "no index");
        assertThatThrownBy(() -> repository().jars(feature)).hasMessageContaining("index.xml");
    }

    @Test
    void withoutAnyDigestNothingIsInstalled() throws Exception {
        Path file = Features.write(folder, "a", "1", null);
        String digest = repository().jars(repository().features().get(0)).get(0).sha256();
        Files.writeString(file, Files.readString(file).replaceFirst(", \"sha256\": \"[0-9a-f]*\"", ""));
        FeatureFile feature = repository().features().get(0);
        assertThatThrownBy(() -> repository().jars(feature)).hasMessageContaining(digest);
        index(digest);
        assertThat(repository().jars(feature)).hasSize(1);
    }

    @Test
    void aMissingJarIsNamed() throws Exception {
        Features.write(folder, "a", "1", null);
        Files.delete(folder.resolve("a-1.jar"));
        assertThatThrownBy(() -> repository().jars(repository().features().get(0))).hasMessageContaining("a-1.jar")
                .hasMessageContaining("not there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "nonsense", "{\"feature-resource-version\": \"1.0\"}",
        "{\"feature-resource-version\": \"1.0\", \"id\": \"com.example:a:1\", \"bundles\": [{\"id\": \"g:../../etc/a:1\"}]}",
        "{\"feature-resource-version\": \"1.0\", \"id\": \"com.example:a:1\", \"bundles\": [{\"id\": \"g:a:1\", \"sha256\": \"12\"}]}",
        "{\"feature-resource-version\": \"1.0\", \"id\": \"com.example:../a:1\"}"})
    void aBadFileIsExplained(String content) {
        assertThatThrownBy(() -> reader.read("bad.json", content.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(FeatureException.class).hasMessageStartingWith("Feature file bad.json: ")
                .satisfies(fault -> assertThat(reason(fault)).isEqualTo(Reason.BAD_FEATURE));
    }

    @Test
    void aBadFileHidesNoOther() throws Exception {
        Features.write(folder, "b", "1", null);
        Files.writeString(folder.resolve("a.json"), "nonsense");
        assertThat(repository().features()).extracting(FeatureFile::name).containsExactly("b");
    }

    @Test
    void aJarWithoutABundleIsNoFeature() {
        assertThatThrownBy(() -> reader.read("bad.jar", new byte[] {1, 2, 3})).hasMessageContaining("bad.jar")
                .hasMessageContaining("Bundle-SymbolicName");
    }
}
