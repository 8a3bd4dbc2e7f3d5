package org.calypsohsm.features;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

import javax.xml.stream.XMLStreamException;

import org.apache.felix.utils.repository.StaxParser;
import org.apache.maven.artifact.versioning.ComparableVersion;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.osgi.resource.Capability;
import org.osgi.resource.Resource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder with feature files, the jars of their bundles, and an index of these (OSGi Repository Service, XML form). */
final class FeatureRepository {

    static final String INDEX = "index.xml";
    /** Newest first, of one feature. */
    static final Comparator<FeatureFile> NEWEST =
            Comparator.comparing((FeatureFile feature) -> new ComparableVersion(feature.version())).reversed();

    private static final Logger LOG = LoggerFactory.getLogger(FeatureRepository.class);
    private static final String CONTENT = "osgi.content";
    private static final String URL = "url";
    private static final String FILE = "file";

    private final Path folder;
    private final FeatureReader reader;

    /**
     * Takes a folder as repository.
     *
     * @param folder the folder; null if there is none
     * @param reader reads the feature files
     */
    FeatureRepository(Path folder, FeatureReader reader) {
        this.folder = folder;
        this.reader = reader;
    }

    /** @return all features of the repository; a file that cannot be read is left out, and told to the log */
    List<FeatureFile> features() {
        List<FeatureFile> features = new ArrayList<>();
        for (Path file : files()) {
            try {
                features.add(reader.read(file));
            } catch (FeatureException e) {
                LOG.warn("{}", e.getMessage());
            }
        }
        return features;
    }

    private List<Path> files() {
        if (folder == null || !Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(FeatureReader.JSON)).filter(FeatureReader::isFeature)
                    .sorted().toList();
        } catch (IOException e) {
            LOG.warn("Repository {} cannot be read: {}", folder, e.toString());
            return List.of();
        }
    }

    /**
     * Reads the jars of a feature, and checks that each is the one that is meant.
     *
     * @param feature the feature
     * @return the jars, in the order of the feature
     * @throws FeatureException BAD_FEATURE if a jar is missing, WRONG_DIGEST if one is not what the feature or the index says
     */
    List<Jar> jars(FeatureFile feature) throws FeatureException {
        return jars(feature, true);
    }

    /** As {@link #jars}, but of a feature that tells all digests the index is not asked: it was, when the feature was installed. */
    List<Jar> jarsAtStart(FeatureFile feature) throws FeatureException {
        return jars(feature, feature.parts().stream().anyMatch(part -> part.sha256() == null));
    }

    private List<Jar> jars(FeatureFile feature, boolean askIndex) throws FeatureException {
        if (feature.isJar()) {
            return List.of(Jar.of(feature.fileName(), feature.content()));
        }
        Map<String, String> index = askIndex ? index() : Map.of();
        List<Jar> jars = new ArrayList<>();
        for (FeatureFile.Part part : feature.parts()) {
            String indexed = index.get(part.file());
            Jar jar = read(feature, part);
            if (part.sha256() == null && indexed == null) {
                throw new FeatureException(Reason.WRONG_DIGEST, "Feature " + feature + ": nothing tells the digest of " + jar
                        + ", so it is not installed; give the bundle its \"" + FeatureReader.SHA256 + "\": \"" + jar.sha256()
                        + "\" if that is the jar you mean.");
            }
            check(feature, jar, part.sha256(), "feature file " + feature.fileName());
            check(feature, jar, indexed, "index of the repository");
            jars.add(jar);
        }
        return jars;
    }

    private Jar read(FeatureFile feature, FeatureFile.Part part) throws FeatureException {
        if (folder == null) {
            throw new FeatureException(Reason.BAD_FEATURE, "Feature " + feature + ": there is no repository to take " + part.file()
                    + " from; set repository in " + DefaultFeatureManager.PID + ".");
        }
        Path file = folder.resolve(part.file());
        try {
            return Jar.of(part.file(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw new FeatureException(Reason.BAD_FEATURE, "Feature " + feature + ": the jar " + file + " of the bundle " + part.id()
                    + (Files.exists(file) ? " cannot be read: " + e + "." : " is not there; put it into the repository."), e);
        }
    }

    private static void check(FeatureFile feature, Jar jar, String expected, String where) throws FeatureException {
        if (expected != null && !expected.equals(jar.sha256())) {
            throw new FeatureException(Reason.WRONG_DIGEST, "Feature " + feature + ": the jar " + jar + " is not the one that the "
                    + where + " means, so nothing was installed; its SHA-256 is " + jar.sha256() + " and should be " + expected
                    + ": put the right jar into the repository.");
        }
    }

    /** @return digests by file names */
    private Map<String, String> index() throws FeatureException {
        Path file = folder == null ? null : folder.resolve(INDEX);
        if (file == null || !Files.exists(file)) {
            return Map.of();
        }
        Map<String, String> digests = new HashMap<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            for (Resource resource : StaxParser.parse(file.toUri(), in).resources) {
                for (Capability content : resource.getCapabilities(CONTENT)) {
                    URI url = URI.create(String.valueOf(content.getAttributes().get(URL)));
                    // For what a multi-release jar needs on later versions of Java, bnd adds resources that are no files.
                    if (FILE.equals(url.getScheme())) {
                        digests.put(Path.of(url).getFileName().toString(),
                                String.valueOf(content.getAttributes().get(CONTENT)).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (IOException | XMLStreamException | RuntimeException e) {
            throw new FeatureException(Reason.BAD_FEATURE, "The index " + file + " of the repository cannot be read: " + e.getMessage()
                    + "; build it again, or remove it and let the features tell all digests.", e);
        }
        return digests;
    }
}
