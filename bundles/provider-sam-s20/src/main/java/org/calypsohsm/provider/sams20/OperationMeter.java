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
 * operations back and an exchange rarely waits for the disk. The file holds the count and its complement, 8 bytes each.
 */
final class OperationMeter implements AutoCloseable {

    /** Operations that are written as spent at once. */
    static final int BLOCK = 1024;

    private static final int FILE_LENGTH = 2 * Long.BYTES;
    private static final long CLOSED = -1;

    private final AtomicLong used;
    private final FileChannel file;
    /** Up to which count the file is ahead: what is below need not be written. */
    private volatile long written;

    /**
     * Opens the count.
     *
     * @param path where it is kept; null keeps it in memory
     * @throws UncheckedIOException if the file cannot be used, or holds no count
     */
    OperationMeter(Path path) {
        try {
            file = path == null ? null
                    : FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            written = file == null ? Long.MAX_VALUE : read();
            used = new AtomicLong(file == null ? 0 : written);
        } catch (IOException e) {
            throw new UncheckedIOException("The operation count of a SAM-S20 cannot be kept in " + path + ": " + e.getMessage(), e);
        }
    }

    private long read() throws IOException {
        try {
            long length = file.size();
            if (length == 0) {
                return 0;
            }
            ByteBuffer buffer = ByteBuffer.allocate(FILE_LENGTH);
            if (length != FILE_LENGTH || file.read(buffer, 0) != FILE_LENGTH) {
                throw new IOException("it holds " + length + " bytes instead of " + FILE_LENGTH + ".");
            }
            long count = buffer.getLong(0);
            if (count < 0 || buffer.getLong(Long.BYTES) != ~count) {
                throw new IOException("it holds no operation count, or a damaged one.");
            }
            return count;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Counts one operation, if there is one left.
     *
     * @param most how many operations there are in all
     * @return the number of operations with this one; 0 if all are used up
     * @throws UncheckedIOException if the count cannot be written; then the operation must not take place
     */
    long count(long most) {
        long now;
        do {
            now = used.get() + 1;
            if (now > most) {
                return 0;
            }
        } while (!used.compareAndSet(now - 1, now));
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
            written = write(now + BLOCK);
        }
    }

    private long write(long value) {
        try {
            file.write(ByteBuffer.allocate(FILE_LENGTH).putLong(0, value).putLong(Long.BYTES, ~value), 0);
            file.force(false);
            return value;
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
        // First, so that whoever counts from now on finds the file closed, and does not count behind the exact value.
        written = CLOSED;
        write(used.get());
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("The operation count of a SAM-S20 cannot be closed.", e);
        }
    }
}
