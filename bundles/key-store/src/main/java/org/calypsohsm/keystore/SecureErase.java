package org.calypsohsm.keystore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Overwrites a file before it is deleted. A disk may keep the old blocks, but what they hold is sealed. */
final class SecureErase {

    private static final int BLOCK = 64 << 10;

    private SecureErase() {
    }

    static void erase(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            long left = channel.size();
            ByteBuffer zeros = ByteBuffer.allocate(BLOCK);
            while (left > 0) {
                zeros.clear().limit((int) Math.min(left, BLOCK));
                left -= channel.write(zeros);
            }
            channel.force(true);
        }
        Files.delete(path);
    }
}
