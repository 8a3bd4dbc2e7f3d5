package org.calypsohsm.features;

import java.util.List;
import java.util.Map;

import org.calypsohsm.feature.FeatureKind;

/**
 * A feature as its file says: a feature file of its own, or a single jar. Each reading makes another one, which is told from the
 * others by its identity.
 */
final class FeatureFile {

    /**
     * A bundle of a feature.
     *
     * @param id     its identifier in the style of Maven
     * @param file   the name of its jar, as Maven names it
     * @param sha256 the digest of its jar, in lower case; null if the feature does not tell
     */
    record Part(String id, String file, String sha256) {
    }

    private final String fileName;
    private final byte[] content;
    private final String key;
    private final String name;
    private final String version;
    private final FeatureKind kind;
    private final List<Part> parts;
    private final Map<String, Map<String, Object>> configurations;

    /**
     * Makes the feature.
     *
     * @param fileName       name of its file
     * @param content        all of its file
     * @param key            its identifier without version
     * @param version        its version
     * @param kind           what it brings
     * @param parts          its bundles
     * @param configurations its configurations by their PIDs
     */
    FeatureFile(String fileName, byte[] content, String key, String version, FeatureKind kind, List<Part> parts,
            Map<String, Map<String, Object>> configurations) {
        this.fileName = fileName;
        this.content = content;
        this.key = key;
        String artifact = key.substring(key.indexOf(':') + 1);
        this.name = artifact.substring(artifact.lastIndexOf('.') + 1);
        this.version = version;
        this.kind = kind;
        this.parts = List.copyOf(parts);
        this.configurations = Map.copyOf(configurations);
    }

    /** @return identifier with version */
    String id() {
        return key + ":" + version;
    }

    /** @return identifier without version: of each, one version is installed */
    String key() {
        return key;
    }

    /** @return the last part of the artifact */
    String name() {
        return name;
    }

    String version() {
        return version;
    }

    FeatureKind kind() {
        return kind;
    }

    List<Part> parts() {
        return parts;
    }

    Map<String, Map<String, Object>> configurations() {
        return configurations;
    }

    String fileName() {
        return fileName;
    }

    /** @return all of its file, not copied */
    byte[] content() {
        return content;
    }

    /** @return true if the file is the jar of its only bundle */
    boolean isJar() {
        return fileName.endsWith(FeatureReader.JAR);
    }

    /** @return true if a word of the user means this feature */
    boolean isNamed(String word) {
        return word.equals(name) || word.equals(key) || word.equals(id());
    }

    @Override
    public String toString() {
        return id();
    }
}
