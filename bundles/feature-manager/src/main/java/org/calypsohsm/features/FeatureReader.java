package org.calypsohsm.features;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarInputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;

import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureKind;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.Constants;
import org.osgi.service.feature.Feature;
import org.osgi.service.feature.FeatureBundle;
import org.osgi.service.feature.FeatureService;
import org.osgi.service.feature.ID;

/** Reads features from their files. */
final class FeatureReader {

    static final String JSON = ".json";
    static final String JAR = ".jar";
    /** Metadata of a bundle in a feature file: the digest of its jar. */
    static final String SHA256 = "sha256";

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    /** No separators: what a feature names stays in the folder of the repository. */
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._+-]*");
    /** Group of a feature that is a single jar. */
    private static final String SINGLE_JAR = "jar:";

    private final FeatureService service;

    FeatureReader(FeatureService service) {
        this.service = service;
    }

    static boolean isFeature(Path file) {
        String name = file.getFileName().toString();
        return !name.startsWith(".") && (name.endsWith(JSON) || name.endsWith(JAR)) && Files.isRegularFile(file);
    }

    /**
     * Reads a feature.
     *
     * @param file a feature file, or a jar
     * @throws FeatureException BAD_FEATURE if it cannot be read
     */
    FeatureFile read(Path file) throws FeatureException {
        try {
            return read(file.getFileName().toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw bad(file.toString(), "it cannot be read: " + e, e);
        }
    }

    FeatureFile read(String fileName, byte[] content) throws FeatureException {
        return fileName.endsWith(JAR) ? jar(fileName, content) : json(fileName, content);
    }

    private FeatureFile json(String fileName, byte[] content) throws FeatureException {
        try (Reader reader = new InputStreamReader(new ByteArrayInputStream(content), StandardCharsets.UTF_8)) {
            Feature feature = service.readFeature(reader);
            ID id = feature.getID();
            check(fileName, "its artifact", id.getArtifactId());
            List<FeatureFile.Part> parts = new ArrayList<>();
            for (FeatureBundle bundle : feature.getBundles()) {
                parts.add(part(fileName, bundle));
            }
            Map<String, Map<String, Object>> configurations = new LinkedHashMap<>();
            feature.getConfigurations().values().forEach(one -> configurations.put(one.getPid(), one.getValues()));
            return new FeatureFile(fileName, content, id.getGroupId() + ":" + id.getArtifactId(), id.getVersion(),
                    kind(feature.getCategories()), parts, configurations);
        } catch (IOException | RuntimeException e) {
            // The library throws what it met: a NullPointerException for a missing id, errors of the JSON parser.
            throw bad(fileName, "it is no feature file in JSON, or has no id: " + e.getMessage(), e);
        }
    }

    private static FeatureFile.Part part(String fileName, FeatureBundle bundle) throws FeatureException {
        ID id = bundle.getID();
        String file = id.getArtifactId() + "-" + id.getVersion()
                + id.getClassifier().map(classifier -> "-" + classifier).orElse("") + JAR;
        check(fileName, "the bundle " + id, file);
        Object digest = bundle.getMetadata().get(SHA256);
        if (digest == null) {
            return new FeatureFile.Part(id.toString(), file, null);
        }
        String digits = digest.toString().toLowerCase(Locale.ROOT);
        if (!DIGEST.matcher(digits).matches()) {
            throw bad(fileName, SHA256 + " of the bundle " + id + " is not 64 hexadecimal digits", null);
        }
        return new FeatureFile.Part(id.toString(), file, digits);
    }

    private static void check(String fileName, String what, String text) throws FeatureException {
        if (!FILE_NAME.matcher(text).matches()) {
            throw bad(fileName, what + " has a name with other characters than letters, digits, '.', '_', '+' and '-'", null);
        }
    }

    private static FeatureKind kind(List<String> categories) {
        return categories.contains("provider") ? FeatureKind.PROVIDER
                : categories.contains("product") ? FeatureKind.PRODUCT
                : categories.contains("service") ? FeatureKind.SERVICE : FeatureKind.OTHER;
    }

    private static FeatureFile jar(String fileName, byte[] content) throws FeatureException {
        Attributes headers;
        try (JarInputStream jar = new JarInputStream(new ByteArrayInputStream(content), false)) {
            Manifest manifest = jar.getManifest();
            headers = manifest == null ? new Attributes() : manifest.getMainAttributes();
        } catch (IOException e) {
            throw bad(fileName, "it is no jar: " + e.getMessage(), e);
        }
        String name = headers.getValue(Constants.BUNDLE_SYMBOLICNAME);
        if (name == null) {
            throw bad(fileName, "its manifest does not come first, or has no " + Constants.BUNDLE_SYMBOLICNAME
                    + "; build it with bnd", null);
        }
        String symbolicName = name.split(";", 2)[0].strip();
        check(fileName, "its bundle", symbolicName);
        String version = headers.getValue(Constants.BUNDLE_VERSION);
        String services = String.valueOf(headers.getValue(Constants.PROVIDE_CAPABILITY));
        FeatureKind kind = services.contains(SecurityModule.class.getName()) ? FeatureKind.PROVIDER
                : services.contains(SecurityPlugin.class.getName()) ? FeatureKind.PRODUCT : FeatureKind.OTHER;
        FeatureFile.Part part = new FeatureFile.Part(SINGLE_JAR + symbolicName + ":" + version, fileName, Digests.sha256(content));
        return new FeatureFile(fileName, content, SINGLE_JAR + symbolicName, version == null ? "0.0.0" : version.strip(), kind,
                List.of(part), Map.of());
    }

    private static FeatureException bad(String fileName, String what, Exception cause) {
        return new FeatureException(Reason.BAD_FEATURE, "Feature file " + fileName + ": " + what + ".", cause);
    }
}
