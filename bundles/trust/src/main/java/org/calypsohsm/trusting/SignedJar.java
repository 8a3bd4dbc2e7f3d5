package org.calypsohsm.trusting;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.CodeSigner;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarInputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Verifies signatures with what the JDK has for it, {@link JarInputStream}. That needs the manifest and the signatures before
 * all else and looks at present entries only, so the jar is put in this order first, and what is missing is found here.
 */
final class SignedJar {

    private static final Pattern SIGNATURE_FILE = Pattern.compile("META-INF/[^/]+\\.SF");
    private static final Pattern SIGNATURE_BLOCK = Pattern.compile("META-INF/[^/]+\\.(RSA|DSA|EC)");
    /** What Java takes for part of a signature too, and nothing makes any more. */
    private static final Pattern OTHER_SIGNATURE = Pattern.compile("META-INF/SIG-[^/]*");
    /** Without it, Java does not notice that somebody changed the activator or the imports. */
    private static final Pattern WHOLE_MANIFEST = Pattern.compile("SHA-?(256|384|512)-Digest-Manifest-Main-Attributes",
            Pattern.CASE_INSENSITIVE);
    private static final String AGAIN = ": get the jar again from who signed it";

    private SignedJar() {
    }

    /**
     * Verifies all entries.
     *
     * @param entries the entries of a jar, without folders
     * @return those who signed every one of them, one at least
     * @throws RefusedException if an entry is not signed, changed, missing, or too many
     */
    static Set<CodeSigner> signers(Map<String, byte[]> entries) throws RefusedException {
        if (!entries.containsKey(JarFile.MANIFEST_NAME) || entries.keySet().stream().noneMatch(name -> is(SIGNATURE_FILE, name))) {
            throw new RefusedException("is not signed: sign its jar with jarsigner and a certificate that is in the trust store");
        }
        checkNames(entries);
        try (JarInputStream jar = new JarInputStream(new ByteArrayInputStream(inOrder(entries)), true)) {
            Set<CodeSigner> signers = null;
            for (JarEntry entry = jar.getNextJarEntry(); entry != null; entry = jar.getNextJarEntry()) {
                jar.transferTo(OutputStream.nullOutputStream());
                if (!isSignature(entry.getName())) {
                    CodeSigner[] all = entry.getCodeSigners();
                    if (all == null || all.length == 0) {
                        throw new RefusedException("has the entry " + entry.getName() + ", which nobody signed" + AGAIN);
                    }
                    if (signers == null) {
                        signers = new LinkedHashSet<>(Arrays.asList(all));
                    } else {
                        signers.retainAll(Arrays.asList(all));
                    }
                }
            }
            checkNothingIsMissing(jar.getManifest(), entries);
            if (signers == null || signers.isEmpty()) {
                throw new RefusedException("has no signature over all of its entries" + AGAIN);
            }
            return signers;
        } catch (IOException | SecurityException e) {
            throw new RefusedException("was changed after it had been signed (" + e.getMessage() + ")" + AGAIN, e);
        }
    }

    private static boolean is(Pattern kind, String name) {
        return kind.matcher(name.toUpperCase(Locale.ROOT)).matches();
    }

    private static boolean isSignature(String name) {
        return is(SIGNATURE_FILE, name) || is(SIGNATURE_BLOCK, name);
    }

    private static void checkNames(Map<String, byte[]> entries) throws RefusedException {
        for (String name : entries.keySet()) {
            boolean second = name.equalsIgnoreCase(JarFile.MANIFEST_NAME) && !name.equals(JarFile.MANIFEST_NAME);
            if (second || is(OTHER_SIGNATURE, name)) {
                throw new RefusedException("has the entry " + name + ", which no signature can cover" + AGAIN);
            }
            if (is(SIGNATURE_FILE, name)) {
                checkCoversManifest(name, entries.get(name));
            }
        }
    }

    private static void checkCoversManifest(String name, byte[] content) throws RefusedException {
        try {
            Attributes main = new Manifest(new ByteArrayInputStream(content)).getMainAttributes();
            if (main.keySet().stream().noneMatch(key -> WHOLE_MANIFEST.matcher(key.toString()).matches())) {
                throw new RefusedException("has the signature " + name + ", which does not cover the main attributes of the manifest: "
                        + "sign it with jarsigner");
            }
        } catch (IOException e) {
            throw new RefusedException("has the signature " + name + ", which cannot be read (" + e.getMessage() + ")" + AGAIN, e);
        }
    }

    private static void checkNothingIsMissing(Manifest manifest, Map<String, byte[]> entries) throws RefusedException {
        for (Map.Entry<String, Attributes> section : manifest.getEntries().entrySet()) {
            boolean digested = section.getValue().keySet().stream().anyMatch(key -> key.toString().endsWith("-Digest"));
            if (digested && !entries.containsKey(section.getKey()) && !section.getKey().endsWith("/")) {
                throw new RefusedException("lacks the entry " + section.getKey() + ", which was signed" + AGAIN);
            }
        }
    }

    private static byte[] inOrder(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setLevel(Deflater.NO_COMPRESSION);
            write(zip, JarFile.MANIFEST_NAME, entries.get(JarFile.MANIFEST_NAME));
            // A signature file before its block, and both before what they sign.
            for (Pattern kind : new Pattern[] {SIGNATURE_FILE, SIGNATURE_BLOCK}) {
                for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                    if (is(kind, entry.getKey())) {
                        write(zip, entry.getKey(), entry.getValue());
                    }
                }
            }
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                String name = entry.getKey();
                if (!name.equals(JarFile.MANIFEST_NAME) && !isSignature(name)) {
                    write(zip, name, entry.getValue());
                }
            }
        }
        return bytes.toByteArray();
    }

    private static void write(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }
}
