package org.calypsohsm.auditlog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditTrail;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An audit log in files of JSON lines: numbered, chained by hashes, signed now and then, and durable before an event counts
 * as recorded. A log that cannot be opened is a service all the same, one that refuses every event: were it not there,
 * administration would go on without it.
 */
@Component(immediate = true, service = {AuditLog.class, AuditTrail.class}, configurationPid = "org.calypsohsm.auditlog",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = ChainedAuditLog.Config.class)
public final class ChainedAuditLog implements AuditLog, AuditTrail {

    /** Configuration of the audit log. */
    @ObjectClassDefinition(name = "Audit log")
    public @interface Config {

        /** @return folder of the log and its token */
        @AttributeDefinition(description = "Folder of the log and its token; it is made if it is missing")
        String directory();

        /** @return file with the PIN of the software token */
        @AttributeDefinition(description = "File with the PIN of the software token that signs, in one line")
        String pinFile();

        /** @return after how many entries a signature follows */
        @AttributeDefinition(description = "After how many entries a signature follows, 1 or more")
        int signEvery() default 100;

        /** @return how long after an entry a signature follows at the latest, in seconds */
        @AttributeDefinition(description = "How long after an entry a signature follows at the latest, in seconds, 1 or more")
        int signEverySeconds() default 60;

        /** @return size from which on a file is followed by the next */
        @AttributeDefinition(description = "Size in bytes from which on a file is followed by the next, 1 or more")
        long maxFileBytes() default 64L << 20;
    }

    private static final Logger LOG = LoggerFactory.getLogger(ChainedAuditLog.class);
    private static final String PLATFORM = "platform";

    private final Path directory;
    private LogFiles files;
    private SigningToken token;
    private AuditWriter writer;
    private IllegalStateException failure;

    /**
     * Opens the log; if that fails, every event is refused with the reason.
     *
     * @param config where it is
     */
    @Activate
    public ChainedAuditLog(Config config) {
        directory = Path.of(config.directory());
        try {
            atLeastOne("signEvery", config.signEvery());
            atLeastOne("signEverySeconds", config.signEverySeconds());
            atLeastOne("maxFileBytes", config.maxFileBytes());
            open(config);
            LOG.warn("The audit log in {} is signed by a SOFTWARE TOKEN: for development, never for the field.", directory);
        } catch (IOException | RuntimeException | Error e) {
            close();
            failure = new IllegalStateException("Audit log: " + directory + " does not open, so nothing is administered ("
                    + e + ").", e);
            LOG.error("{}", failure.getMessage(), e);
        }
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is at least 1, not " + value + "; correct org.calypsohsm.auditlog");
        }
    }

    private void open(Config config) throws IOException {
        Files.createDirectories(directory);
        char[] pin = Files.readString(Path.of(config.pinFile())).strip().toCharArray();
        files = LogFiles.open(directory, config.maxFileBytes());
        token = SigningToken.release(directory.resolve(LogFiles.TOKEN), pin);
        Arrays.fill(pin, '\0');
        token.writeCertificate(directory.resolve(LogFiles.CERTIFICATE));
        writer = new AuditWriter(files, token, config.signEvery(), TimeUnit.SECONDS.toNanos(config.signEverySeconds()));
        if (files.cut() > 0) {
            LOG.warn("Audit log: an unfinished entry of {} bytes was cut off, as a crash leaves it.", files.cut());
            record(own("audit.cut", "An unfinished entry of " + files.cut() + " bytes was cut off."));
        }
        record(own("audit.start", files.sequence() == 0 ? "The log begins." : "The log goes on after entry " + files.sequence() + "."));
    }

    private AuditEvent own(String act, String outcome) {
        return new AuditEvent(Instant.now(), act, "audit log", PLATFORM, outcome);
    }

    /** Writes and signs what is under way, and closes the files. */
    @Deactivate
    void close() {
        if (writer != null) {
            writer.close();
        } else if (files != null) {
            try {
                files.close();
            } catch (IOException e) {
                LOG.error("Audit log: it cannot be closed: {}", e.getMessage());
            }
        }
    }

    @Override
    public void record(AuditEvent event) {
        if (failure != null) {
            throw new IllegalStateException(failure.getMessage(), failure);
        }
        writer.write(event);
    }

    @Override
    public AuditReport verify() {
        if (failure != null) {
            throw new IllegalStateException(failure.getMessage(), failure);
        }
        try {
            return new AuditVerifier(directory, token.publicKey()).verify(files::durable);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private IllegalStateException unreadable(IOException e) {
        return new IllegalStateException("Audit log: " + directory + " cannot be read (" + e + ").", e);
    }

    @Override
    public List<AuditEntry> tail(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("Audit log: a tail has 0 or more events, not " + count + ".");
        }
        List<AuditEntry> events = new ArrayList<>();
        try {
            List<Path> all = LogFiles.list(directory);
            for (int i = all.size() - 1; i >= 0 && events.size() < count; i--) {
                events.addAll(0, tail(all.get(i), count - events.size()));
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        return List.copyOf(events);
    }

    private static Deque<AuditEntry> tail(Path file, int count) throws IOException {
        Deque<AuditEntry> newest = new ArrayDeque<>();
        try (LineReader lines = new LineReader(file, Long.MAX_VALUE)) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                Entry entry = Entry.parse(line);
                if (entry != null && !entry.isSignature()) {
                    newest.add(new AuditEntry(entry.sequence(), entry.event()));
                    if (newest.size() > count) {
                        newest.remove();
                    }
                }
            }
        }
        return newest;
    }

    @Override
    public String problem() {
        return failure != null ? failure.getMessage() : writer.problem();
    }

    @Override
    public long newest() {
        return writer == null ? 0 : writer.newest();
    }

    /** The files: a test lets writing fail. */
    LogFiles files() {
        return files;
    }
}
