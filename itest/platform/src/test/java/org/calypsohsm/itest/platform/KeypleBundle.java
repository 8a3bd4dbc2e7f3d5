package org.calypsohsm.itest.platform;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Keyple's jars are no bundles: puts them into one, as they are. Works outside of the container. */
final class KeypleBundle {

    private static final String JARS = "(keyple-|calypsonet-terminal-|gson-).*\\.jar";

    private KeypleBundle() {
    }

    static Path make() {
        List<Path> jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
                .filter(path -> path.getFileName().toString().matches(JARS)).toList();
        try {
            Set<String> packages = new TreeSet<>();
            for (Path jar : jars) {
                packages.addAll(packages(jar));
            }
            Manifest manifest = new Manifest();
            Attributes main = manifest.getMainAttributes();
            main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
            main.putValue("Bundle-ManifestVersion", "2");
            main.putValue("Bundle-SymbolicName", "org.calypsohsm.itest.keyple.wrapped");
            main.putValue("Bundle-Version", "1.0.0");
            main.putValue("Bundle-ClassPath", String.join(",", jars.stream().map(jar -> jar.getFileName().toString()).toList()));
            main.putValue("Export-Package", String.join(",", packages));
            main.putValue("Import-Package", "org.slf4j");
            // Gson reaches for what a Java platform has.
            main.putValue("DynamicImport-Package", "*");
            Path bundle = Path.of("target", "keyple-wrapped.jar");
            try (JarOutputStream out = new JarOutputStream(new BufferedOutputStream(Files.newOutputStream(bundle)), manifest)) {
                for (Path jar : jars) {
                    out.putNextEntry(new ZipEntry(jar.getFileName().toString()));
                    Files.copy(jar, out);
                    out.closeEntry();
                }
            }
            return bundle;
        } catch (IOException e) {
            throw new UncheckedIOException("The bundle of Keyple cannot be made: " + e.getMessage(), e);
        }
    }

    private static Set<String> packages(Path jar) throws IOException {
        Set<String> packages = new TreeSet<>();
        try (ZipFile file = new ZipFile(jar.toFile())) {
            file.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class") && name.contains("/") && !name.startsWith("META-INF/"))
                    .forEach(name -> packages.add(name.substring(0, name.lastIndexOf('/')).replace('/', '.')));
        }
        return packages;
    }
}
