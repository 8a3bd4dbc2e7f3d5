package org.calypsohsm.features;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The folder with the files of the features that are installed: what is in it comes back at the next start. It tells which files
 * others have changed, once they are at rest: when two looks find the same.
 */
final class FeatureFolder {

    private static final String REFUSED = ".refused";

    /** What tells that a file is still the same. */
    record Stamp(long size, FileTime modified, Object key) {
    }

    /**
     * A file that came, changed or went.
     *
     * @param file  the file
     * @param stamp as it was seen; null if it is gone
     */
    record Change(Path file, Stamp stamp) {
    }

    private final Path folder;
    /** As they are known to the manager. */
    private final Map<Path, Stamp> known = new HashMap<>();
    private Map<Path, Stamp> lastLook = Map.of();

    FeatureFolder(Path folder) {
        this.folder = folder;
    }

    /** @return all files of features */
    List<Path> files() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(FeatureReader::isFeature).sorted().toList();
        }
    }

    /** @return a file that does not exist yet, or is the one to be replaced */
    Path place(FeatureFile feature) {
        Path file = folder.resolve(feature.name() + FeatureReader.JSON);
        return Files.exists(file) ? folder.resolve(feature.key().replace(':', '.') + FeatureReader.JSON) : file;
    }

    /** Writes a file so that after a crash it is there in whole, or not at all. */
    synchronized void write(Path file, byte[] content) throws IOException {
        Files.createDirectories(folder);
        Path part = folder.resolve("." + file.getFileName() + ".part");
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        acknowledge(file);
    }

    synchronized void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        acknowledge(file);
    }

    /** Puts a file out of the way that cannot be installed. */
    synchronized void refuse(Path file) throws IOException {
        try {
            Files.move(file, file.resolveSibling(file.getFileName() + REFUSED), StandardCopyOption.REPLACE_EXISTING);
        } catch (NoSuchFileException e) {
            // Somebody was faster.
        }
        acknowledge(file);
    }

    /** Takes a file as it is now for known. */
    synchronized void acknowledge(Path file) {
        acknowledge(new Change(file, stamp(file)));
    }

    /** Takes a file as it was seen for known: what has been done to it since will be found at the next look. */
    synchronized void acknowledge(Change change) {
        Path file = change.file();
        Stamp stamp = change.stamp();
        if (stamp == null) {
            known.remove(file);
        } else {
            known.put(file, stamp);
        }
    }

    /** @return files that came, changed or went, and are at rest since the last look */
    synchronized List<Change> changed() throws IOException {
        Map<Path, Stamp> now = new HashMap<>();
        for (Path file : files()) {
            Stamp stamp = stamp(file);
            if (stamp != null) {
                now.put(file, stamp);
            }
        }
        TreeSet<Path> all = new TreeSet<>(known.keySet());
        all.addAll(now.keySet());
        List<Change> changed = new ArrayList<>();
        for (Path file : all) {
            Stamp stamp = now.get(file);
            if (!Objects.equals(stamp, known.get(file)) && Objects.equals(stamp, lastLook.get(file))) {
                changed.add(new Change(file, stamp));
            }
        }
        lastLook = now;
        return changed;
    }

    private static Stamp stamp(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
