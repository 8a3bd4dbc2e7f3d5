package org.calypsohsm.auditlog;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the finished lines of a file, byte for byte. */
final class LineReader implements Closeable {

    private static final int BUFFER = 1 << 16;

    private final InputStream in;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long left;

    /** @param limit how many bytes are read at most: what is behind may still be being written */
    LineReader(Path file, long limit) throws IOException {
        in = new BufferedInputStream(Files.newInputStream(file), BUFFER);
        left = limit;
    }

    /** @return the next line without its end; null if no finished line follows */
    byte[] next() throws IOException {
        line.reset();
        while (left > 0) {
            int read = in.read();
            if (read < 0) {
                return null;
            }
            left--;
            if (read == '\n') {
                return line.toByteArray();
            }
            line.write(read);
        }
        return null;
    }

    /** @return after the last line, how many bytes of an unfinished one follow */
    int unfinished() {
        return line.size();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
