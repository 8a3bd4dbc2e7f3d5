package org.calypsohsm.trusting;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

import org.osgi.framework.Bundle;

/**
 * The entries of a jar as the framework serves them: it goes by the directory at the end of a jar, and so does this. What a
 * reader from the beginning would see, as local headers that the directory does not know, runs nowhere.
 */
final class Content {

    /** Unpacked; bundles of providers and products are far smaller, and a packed gigabyte of nulls is small. */
    private static final long MOST_BYTES = 128L << 20;

    private final Map<String, byte[]> entries = new LinkedHashMap<>();
    private long bytes;

    private Content() {
    }

    /** @return the entries of a jar that is not installed */
    static Map<String, byte[]> of(byte[] jar) throws RefusedException {
        try {
            Path file = Files.createTempFile("hsm-trust-", ".jar");
            try {
                Files.write(file, jar);
                Content content = new Content();
                try (ZipFile zip = new ZipFile(file.toFile())) {
                    for (ZipEntry entry : Collections.list(zip.entries())) {
                        if (!entry.isDirectory()) {
                            content.add(entry.getName(), zip.getInputStream(entry));
                        }
                    }
                }
                return content.entries;
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new RefusedException("is no jar that can be read (" + e.getMessage() + "): get it again from who made it", e);
        }
    }

    /** @return the entries of the revision of a bundle that is installed now, without those of fragments */
    static Map<String, byte[]> of(Bundle bundle) throws RefusedException {
        try {
            Content content = new Content();
            content.add(bundle, "/");
            return content.entries;
        } catch (IOException | IllegalStateException e) {
            throw new RefusedException("cannot be read from the framework (" + e.getMessage() + "): install it again", e);
        }
    }

    private void add(Bundle bundle, String folder) throws IOException, RefusedException {
        var paths = bundle.getEntryPaths(folder);
        for (String path : paths == null ? List.<String>of() : Collections.list(paths)) {
            if (path.endsWith("/")) {
                add(bundle, path);
            } else {
                URL entry = bundle.getEntry(path);
                if (entry == null) {
                    throw new IOException("no entry " + path);
                }
                add(path, entry.openStream());
            }
        }
    }

    private void add(String name, InputStream stream) throws IOException, RefusedException {
        try (stream) {
            byte[] content = stream.readNBytes((int) Math.min(Integer.MAX_VALUE - 8L, MOST_BYTES - bytes + 1));
            bytes += content.length;
            if (bytes > MOST_BYTES) {
                throw new RefusedException("has more than " + MOST_BYTES + " bytes when unpacked: make it smaller");
            }
            if (entries.put(name, content) != null) {
                throw new RefusedException("has the entry " + name + " twice: get it again from who made it");
            }
        }
    }
}
