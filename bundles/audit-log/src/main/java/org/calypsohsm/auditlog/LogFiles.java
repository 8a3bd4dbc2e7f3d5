package org.calypsohsm.auditlog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of a log: the entries in files that are named by their first entry, and the head, a copy of the newest signature.
 * The head is never newer than the entries on the disk, so a log that ends before its head was cut by somebody.
 * Used by one thread; only what is durable may be asked by others.
 */
final class LogFiles implements AutoCloseable {

    static final String HEAD = "head.json";
    static final String CERTIFICATE = "signer.pem";
    static final String TOKEN = "signer.p12";
    private static final String LOCK = "lock";
    private static final String PREFIX = "audit-";
    private static final String SUFFIX = ".jsonl";

    /** Up to where the log is on the disk. */
    record Mark(Path file, long length) {
    }

    private final Path directory;
    private final long maxBytes;
    private final FileChannel lockFile;
    private FileChannel channel;
    private Path file;
    private long length;
    private long sequence;
    private String hash = Entry.NO_HASH;
    private int cut;
    private volatile Mark durable;

    private LogFiles(Path directory, long maxBytes, FileChannel lockFile) {
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.lockFile = lockFile;
    }

    /**
     * Opens the log at its end, and cuts an unfinished last line off.
     *
     * @param maxBytes from this size on, a file is followed by the next
     * @throws IOException if it cannot be read, or its end is not as it was written
     */
    static LogFiles open(Path directory, long maxBytes) throws IOException {
        LogFiles files = new LogFiles(directory, maxBytes, lock(directory.resolve(LOCK)));
        try {
            files.findEnd();
            files.checkHead();
            return files;
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private static FileChannel lock(Path file) throws IOException {
        FileChannel lockFile = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = lockFile.tryLock();
        } catch (OverlappingFileLockException e) {
            // By this process: the same as by another.
        }
        if (lock == null) {
            lockFile.close();
            throw new IOException("the folder is in use by another audit log");
        }
        return lockFile;
    }

    /** @return the files with entries, the oldest first */
    static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> {
                String name = path.getFileName().toString();
                return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
            }).sorted().toList();
        }
    }

    private void findEnd() throws IOException {
        List<Path> files = list(directory);
        byte[] last = null;
        // From the end on: the newest file may be empty.
        for (int i = files.size() - 1; i >= 0 && last == null; i--) {
            last = lastLine(files.get(i));
            if (i == files.size() - 1) {
                openFile(files.get(i));
            }
        }
        if (last != null) {
            Entry entry = Entry.parse(last);
            if (entry == null) {
                throw new IOException("its last entry is not as it was written; check it, and move the folder aside");
            }
            sequence = entry.sequence();
            hash = entry.hash();
        }
    }

    private byte[] lastLine(Path path) throws IOException {
        byte[] last = null;
        int unfinished;
        try (LineReader lines = new LineReader(path, Long.MAX_VALUE)) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                last = line;
            }
            unfinished = lines.unfinished();
        }
        if (unfinished > 0) {
            cut += unfinished;
            try (FileChannel whole = FileChannel.open(path, StandardOpenOption.WRITE)) {
                whole.truncate(whole.size() - unfinished);
                whole.force(true);
            }
        }
        return last;
    }

    private void checkHead() throws IOException {
        Path head = directory.resolve(HEAD);
        if (!Files.exists(head)) {
            if (sequence > 0) {
                throw new IOException("its " + HEAD + " is missing; check it, and move the folder aside");
            }
            return;
        }
        Entry signature = readHead(directory);
        if (signature == null) {
            throw new IOException("its " + HEAD + " is not as it was written; check it, and move the folder aside");
        }
        if (signature.sequence() > sequence) {
            throw new IOException("it ends with entry " + sequence + ", and " + signature.sequence()
                    + " entries were signed; check it, and move the folder aside");
        }
    }

    /** @return null if it is not as it was written */
    static Entry readHead(Path directory) throws IOException {
        byte[] line = Files.readAllBytes(directory.resolve(HEAD));
        if (line.length == 0 || line[line.length - 1] != '\n') {
            return null;
        }
        Entry head = Entry.parse(Arrays.copyOf(line, line.length - 1));
        return head == null || !head.isSignature() ? null : head;
    }

    /** @return true if there is not yet a log */
    boolean isNew() {
        return !Files.exists(directory.resolve(HEAD));
    }

    /** @return number of the last entry that was there at the start; 0 if there was none */
    long sequence() {
        return sequence;
    }

    /** @return hash of the last entry that was there at the start */
    String hash() {
        return hash;
    }

    /** @return length of the unfinished line that was cut off at the start; 0 if there was none */
    int cut() {
        return cut;
    }

    /** @return up to where the log is on the disk; null if there is nothing yet */
    Mark durable() {
        return durable;
    }

    /** The channel to the newest file: a test closes it to let writing fail. */
    FileChannel channel() {
        return channel;
    }

    /**
     * Writes lines; they are on the disk when this returns.
     *
     * @param first number of the first of them
     */
    void append(byte[] lines, long first) throws IOException {
        if (channel == null || length >= maxBytes) {
            if (channel != null) {
                channel.close();
            }
            openFile(directory.resolve(String.format("%s%012d%s", PREFIX, first, SUFFIX)));
            forceDirectory();
        }
        try {
            for (ByteBuffer buffer = ByteBuffer.wrap(lines); buffer.hasRemaining();) {
                channel.write(buffer);
            }
            channel.force(false);
        } catch (IOException e) {
            takeBack(e);
            throw e;
        }
        length += lines.length;
        // A file that was taken away can still be written, but nobody will ever read it.
        if (Files.size(file) != length) {
            throw new IOException(file + " was changed or moved by somebody else");
        }
        durable = new Mark(file, length);
    }

    /** What was refused must not be found in the log later; if this fails too, it may be. */
    private void takeBack(IOException failure) {
        try {
            channel.truncate(length);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private void openFile(Path path) throws IOException {
        channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        file = path;
        length = channel.size();
        durable = new Mark(file, length);
    }

    /** Puts a signature in the place of the head: the old one or the new one is there at any moment. */
    void writeHead(byte[] line) throws IOException {
        Path draft = directory.resolve(HEAD + ".new");
        try (FileChannel out = FileChannel.open(draft, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            for (ByteBuffer buffer = ByteBuffer.wrap(line); buffer.hasRemaining();) {
                out.write(buffer);
            }
            out.force(true);
        }
        Files.move(draft, directory.resolve(HEAD), StandardCopyOption.ATOMIC_MOVE);
        forceDirectory();
    }

    private void forceDirectory() throws IOException {
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
                names.force(true);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            lockFile.close();
        }
    }
}
