package org.calypsohsm.trusting;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Makes jars, and spoils them. */
final class Jars {

    static final String CODE = "com/example/Code.class";
    static final String RESOURCE = "META-INF/data.txt";
    private static final String MANIFEST = "META-INF/MANIFEST.MF";

    private Jars() {
    }

    static byte[] bundle(String name, String... headers) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put(MANIFEST, bytes("Manifest-Version: 1.0\nBundle-ManifestVersion: 2\nBundle-SymbolicName: " + name
                + "\nBundle-Version: 1.0.0\n" + (headers.length == 0 ? "" : String.join("\n", headers) + "\n") + "\n"));
        entries.put(CODE, bytes("the code of " + name));
        entries.put("com/example/Other.class", bytes("other code"));
        entries.put(RESOURCE, bytes("data"));
        return pack(entries);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] pack(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    /** Packs a jar again after something was done to its entries. */
    static byte[] change(byte[] jar, Consumer<Map<String, byte[]>> what) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(jar))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        what.accept(entries);
        return pack(entries);
    }

    /** Replaces a text in an entry by another. */
    static byte[] replace(byte[] jar, String entry, String from, String to) throws IOException {
        return change(jar, entries -> entries.computeIfPresent(entry,
                (name, content) -> bytes(new String(content, StandardCharsets.UTF_8).replace(from, to))));
    }

    /** Gives an entry the name of another, of the same length, in both places where a jar has it. */
    static byte[] rename(byte[] jar, String from, String to) {
        String text = new String(jar, StandardCharsets.ISO_8859_1);
        return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }
}
