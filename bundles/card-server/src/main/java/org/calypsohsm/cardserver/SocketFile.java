package org.calypsohsm.cardserver;

import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The file of the socket: nobody but its owner comes near it. */
final class SocketFile {

    private static final int BACKLOG = 64;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNERS_FOLDER = PosixFilePermissions.fromString("rwx------");

    private SocketFile() {
    }

    /**
     * Makes the socket, with mode 0600. A folder that is missing is made with mode 0700; in one that others may write to
     * they could put a socket of their own in its place, so it is refused. What a killed process left is removed.
     *
     * @param file the file
     * @return the socket, which listens
     * @throws IOException if it cannot be made; the message says what to do, in one sentence
     */
    static ServerSocketChannel listen(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNERS_FOLDER));
        }
        Set<PosixFilePermission> modes = Files.getPosixFilePermissions(folder);
        if (modes.contains(PosixFilePermission.GROUP_WRITE) || modes.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException("The folder " + folder + " of the socket can be written to by others ("
                    + PosixFilePermissions.toString(modes) + "); make it 0700.");
        }
        removeStale(file);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(file), BACKLOG);
            Files.setPosixFilePermissions(file, OWNER_ONLY);
            return server;
        } catch (BindException e) {
            server.close();
            throw new IOException("The socket " + file + " cannot be made: " + e.getMessage()
                    + "; its path must be short, about 100 characters at most.", e);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static void removeStale(Path file) throws IOException {
        if (!Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isRegularFile(file) || Files.isDirectory(file) || Files.isSymbolicLink(file)) {
            throw new IOException(file + " is there and no socket; give the socket another path.");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(file));
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("refused")) {
                throw e;
            }
            Files.delete(file);
            return;
        }
        throw new IOException("Another process serves a card at " + file + " already; stop it, or take another path.");
    }
}
