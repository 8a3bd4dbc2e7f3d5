package org.calypsohsm.canary;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Looks for secrets in a heap dump. It looks for every 8 bytes of a secret, so for its halves and for all of it; and because
 * block ciphers keep keys as numbers of 4 bytes, for the same with each 4 bytes in reverse.
 */
final class HeapDump {

    private final Map<Long, String> patterns = new HashMap<>();

    /** Adds a secret to look for, 8 bytes or a multiple. */
    void add(String name, byte[] secret) {
        ByteBuffer bytes = ByteBuffer.wrap(secret);
        while (bytes.hasRemaining()) {
            String part = name + ", 8 bytes from " + bytes.position();
            int first = bytes.getInt();
            int second = bytes.getInt();
            patterns.put(both(first, second), part);
            patterns.put(both(Integer.reverseBytes(first), Integer.reverseBytes(second)), part + ", in reverse");
        }
    }

    private static long both(int first, int second) {
        return (long) first << Integer.SIZE | second & 0xFFFF_FFFFL;
    }

    /** @return what is in the dump, and how often */
    Map<String, Integer> find(Path dump) throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(dump), 1 << 16)) {
            long last = 0;
            for (int next = in.read(); next >= 0; next = in.read()) {
                last = last << Byte.SIZE | next;
                String part = patterns.get(last);
                if (part != null) {
                    found.merge(part, 1, Integer::sum);
                }
            }
        }
        return found;
    }

    /** Tells whether something of a secret was found. */
    static boolean has(Collection<String> found, String name) {
        return found.stream().anyMatch(part -> part.startsWith(name + ","));
    }
}
