package org.calypsohsm.auditlog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.Annotation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditReport;

/** The folder of a log, and what its tests do again and again. */
final class TestLog {

    static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

    /** A configuration. */
    static class Settings implements ChainedAuditLog.Config {

        private final Path directory;
        private final Path pinFile;
        int signEvery = 100;
        int signEverySeconds = 3600;
        long maxFileBytes = 1 << 20;

        Settings(Path directory, Path pinFile) {
            this.directory = directory;
            this.pinFile = pinFile;
        }

        @Override
        public String directory() {
            return directory.toString();
        }

        @Override
        public String pinFile() {
            return pinFile.toString();
        }

        @Override
        public int signEvery() {
            return signEvery;
        }

        @Override
        public int signEverySeconds() {
            return signEverySeconds;
        }

        @Override
        public long maxFileBytes() {
            return maxFileBytes;
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return ChainedAuditLog.Config.class;
        }
    }

    final Path directory;
    final Settings settings;

    TestLog(Path work) {
        directory = work.resolve("log");
        Path pinFile = work.resolve("pin");
        write(pinFile, "1234\n".getBytes(StandardCharsets.US_ASCII));
        settings = new Settings(directory, pinFile);
    }

    ChainedAuditLog open() {
        return new ChainedAuditLog(settings);
    }

    /** Makes a log with so many events after the start, and closes it. */
    void fill(int events) {
        ChainedAuditLog log = open();
        for (int i = 1; i <= events; i++) {
            log.record(event("subject " + i));
        }
        log.close();
    }

    static AuditEvent event(String subject) {
        return new AuditEvent(TIME, "test.act", subject, "tester", "It \"worked\": \u00e9\u20ac\n.");
    }

    PublicKey publicKey() {
        try (var in = Files.newInputStream(directory.resolve(LogFiles.CERTIFICATE))) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in).getPublicKey();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    AuditReport verify() {
        try {
            return new AuditVerifier(directory, publicKey()).verify();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Path> files() {
        try {
            return LogFiles.list(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path onlyFile() {
        List<Path> files = files();
        if (files.size() != 1) {
            throw new AssertionError(files);
        }
        return files.get(0);
    }

    /** @return all lines, without their ends */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        files().forEach(file -> new String(read(file), StandardCharsets.UTF_8).lines().forEach(lines::add));
        return lines;
    }

    /** Puts lines in the place of those of the only file. */
    void replaceLines(List<String> lines) {
        write(onlyFile(), (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void write(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Copies the folder as it is now: what a crash would leave. */
    TestLog image(Path work) throws IOException {
        Files.createDirectories(work);
        TestLog image = new TestLog(work);
        Files.createDirectories(image.directory);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.copy(file, image.directory.resolve(file.getFileName()));
            }
        }
        return image;
    }
}
