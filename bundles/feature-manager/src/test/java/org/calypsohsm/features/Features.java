package org.calypsohsm.features;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;

import org.osgi.service.feature.FeatureService;

/** Feature files of the tests, each with one small jar. */
final class Features {

    static final FeatureService SERVICE = ServiceLoader.load(FeatureService.class).findFirst().orElseThrow();

    private Features() {
    }

    /** Writes a feature with a jar of its own and, if a module is named, a configuration for it. */
    static Path write(Path folder, String name, String version, String module) throws IOException {
        byte[] jar = ("the jar of " + name + " " + version).getBytes();
        Files.write(folder.resolve(name + "-" + version + ".jar"), jar);
        return Files.writeString(folder.resolve(name + "-" + version + ".json"), json(name, version, Digests.sha256(jar), module));
    }

    static String json(String name, String version, String digest, String module) {
        return """
                {"feature-resource-version": "1.0", "id": "com.example:%1$s:%2$s",
                 "bundles": [{"id": "com.example:%1$s:%2$s", "sha256": "%3$s"}],
                 "configurations": {%4$s}}
                """.formatted(name, version, digest,
                        module == null ? "" : "\"com.example.provider~%1$s\": {\"hsm.module.name\": \"%1$s\"}".formatted(module));
    }
}
