package org.calypsohsm.provider.sams20;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the operations of a card. In a file it is ahead of the truth by up to one block, so that a crash never gives
 * operations back and an exchange rarely waits for the disk.
 */
final class OperationMeter implements AutoCloseable {

    /** Operations that are written as spent at once. */
    static final int BLOCK = 1024;

    private final AtomicLong used;
    private final FileChannel file;
    private volatile long written;

    /**
     * Opens the count.
     *
     * @param path where it is kept; null keeps it in memory
     */
    OperationMeter(Path path) {
        try {
            file = path == null ? null
                    : FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            written = file == null ? Long.MAX_VALUE : read();
            used = new AtomicLong(file == null ? 0 : written);
        } catch (IOException e) {
            throw new UncheckedIOException("The operation count of a SAM-S20 cannot be kept in " + path + ".", e);
        }
    }

    private long read() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES);
        int length = file.read(buffer, 0);
        if (length == -1) {
            return 0;
        }
        if (length != Long.BYTES) {
            throw new IOException("It holds " + length + " bytes instead of " + Long.BYTES + ".");
        }
        return buffer.getLong(0);
    }

    /** @return the number of operations with this one */
    long count() {
        long now = used.incrementAndGet();
        if (now > written) {
            writeAhead(now);
        }
        return now;
    }

    long used() {
        return used.get();
    }

    private synchronized void writeAhead(long now) {
        if (now > written) {
            write(now + BLOCK);
        }
    }

    private void write(long value) {
        try {
            file.write(ByteBuffer.allocate(Long.BYTES).putLong(0, value), 0);
            file.force(false);
            written = value;
        } catch (IOException e) {
            throw new UncheckedIOException("The operation count of a SAM-S20 cannot be written.", e);
        }
    }

    /** Writes the exact count. */
    @Override
    public synchronized void close() {
        if (file == null || !file.isOpen()) {
            return;
        }
        write(used.get());
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("The operation count of a SAM-S20 cannot be closed.", e);
        }
    }
}
