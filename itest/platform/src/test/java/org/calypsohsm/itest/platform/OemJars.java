package org.calypsohsm.itest.platform;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

import jdk.security.jarsigner.JarSigner;

/** Makes jars of a product plugin under another name, unsigned, signed and spoilt. Works outside of the container. */
final class OemJars {

    private static final String ALIAS = "developer";
    private static final char[] PASSWORD = "developer".toCharArray();

    private OemJars() {
    }

    static Path distributed(String bundle) throws IOException {
        try (Stream<Path> jars = Files.list(Path.of(System.getProperty("hsm.home"), "repo"))) {
            return jars.filter(jar -> jar.getFileName().toString().startsWith(bundle + "-")).findFirst().orElseThrow();
        }
    }

    /**
     * Copies a jar without its signature.
     *
     * @param name symbolic name of the copy
     */
    static byte[] unsigned(Path jar, String name) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = new Manifest();
            manifest.getMainAttributes().putAll(file.getManifest().getMainAttributes());
            manifest.getMainAttributes().put(new Attributes.Name("Bundle-SymbolicName"), name);
            return pack(manifest, entries(file));
        }
    }

    private static Map<String, byte[]> entries(ZipFile file) throws IOException {
        Map<String, byte[]> entries = new TreeMap<>();
        for (ZipEntry entry : file.stream().toList()) {
            if (!entry.isDirectory() && !entry.getName().matches("META-INF/(MANIFEST\\.MF|[^/]*\\.(SF|RSA))")) {
                entries.put(entry.getName(), file.getInputStream(entry).readAllBytes());
            }
        }
        return entries;
    }

    private static byte[] pack(Manifest manifest, Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue());
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    /** Signs a jar with the certificate of the checkout. */
    static byte[] sign(byte[] jar) throws Exception {
        KeyStore store = KeyStore.getInstance(Path.of(System.getProperty("itest.signing")).toFile(), PASSWORD);
        JarSigner signer = new JarSigner.Builder((PrivateKey) store.getKey(ALIAS, PASSWORD),
                CertificateFactory.getInstance("X.509").generateCertPath(List.of(store.getCertificate(ALIAS)))).build();
        ByteArrayOutputStream signed = new ByteArrayOutputStream();
        read(jar, file -> signer.sign(file, signed));
        return signed.toByteArray();
    }

    /** Changes the last byte of a signed entry; signature and manifest stay. */
    static byte[] tamper(byte[] jar, String entry) throws IOException {
        Map<String, byte[]> all = new TreeMap<>();
        read(jar, file -> file.stream().filter(one -> !one.isDirectory()).forEach(one -> {
            try {
                all.put(one.getName(), file.getInputStream(one).readAllBytes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
        byte[] content = all.get(entry);
        content[content.length - 1] ^= 1;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream out = new JarOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> one : all.entrySet()) {
                out.putNextEntry(new ZipEntry(one.getKey()));
                out.write(one.getValue());
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static void read(byte[] jar, Consumer<ZipFile> what) throws IOException {
        Path file = Files.createTempFile("oem", ".jar");
        try {
            Files.write(file, jar);
            try (ZipFile zip = new ZipFile(file.toFile())) {
                what.accept(zip);
            }
        } finally {
            Files.delete(file);
        }
    }
}
