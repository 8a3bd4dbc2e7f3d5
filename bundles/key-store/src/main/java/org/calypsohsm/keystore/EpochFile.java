package org.calypsohsm.keystore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A sealed number beside the store, outside of its folder: who puts an old copy of the folder back does not put this back
 * with it, and so the copy shows (docs/adr/0010).
 */
final class EpochFile {

    private static final String RECORD = "epoch file";

    private final Path file;

    EpochFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the epoch.
     *
     * @param key opens it
     * @return the epoch; {@link Long#MAX_VALUE} if the file is empty: somebody says so that the store is an old copy
     * @throws KeyStoreException if it is missing, or of another store; the message says what to do
     */
    long read(StorageKey key) {
        byte[] sealed;
        try {
            sealed = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new KeyStoreException("the file " + file + " is missing, which tells whether the store is an old copy; put it back,"
                    + " or make an empty one: all event counters go to their ceilings then.", e);
        }
        return sealed.length == 0 ? Long.MAX_VALUE : ByteBuffer.wrap(key.open(RECORD, sealed)).getLong();
    }

    /** @throws KeyStoreException if it cannot be written */
    void write(StorageKey key, long epoch) {
        try {
            // Complete, and on the disk, under another name first: half of it would stop the next start, and none of it
            // would say that the store is an old copy.
            Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "epoch", null);
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(key.seal(RECORD, ByteBuffer.allocate(Long.BYTES).putLong(epoch).array())));
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new KeyStoreException("the file " + file + " cannot be written: " + e + ".", e);
        }
    }
}
