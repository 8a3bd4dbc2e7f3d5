package org.calypsohsm.auditlog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.function.Supplier;

import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditReport.Finding;

/**
 * Checks a log: each entry against its own hash, its number and the entry before, the signatures against the public key,
 * and the end against the head. Also for a copy of the log elsewhere.
 */
public final class AuditVerifier {

    private final Path directory;
    private final PublicKey key;

    private Entry head;
    private Entry last;
    private Entry atHead;
    private long signed;

    /**
     * Makes a verifier for one check.
     *
     * @param directory folder of the log
     * @param key       public key of the signer; from a certificate that was put aside when the log was begun
     */
    public AuditVerifier(Path directory, PublicKey key) {
        this.directory = directory;
        this.key = key;
    }

    /**
     * Checks a log that nobody writes.
     *
     * @return that all is as it was written, or the first bad entry
     * @throws IOException if the log cannot be read
     */
    public AuditReport verify() throws IOException {
        return verify(() -> null);
    }

    /**
     * Checks a log that may be being written.
     *
     * @param end up to where it is on the disk; null for all there is
     */
    AuditReport verify(Supplier<LogFiles.Mark> end) throws IOException {
        // The head first: then the entries up to it are on the disk already.
        AuditReport bad = readHead();
        LogFiles.Mark mark = end.get();
        List<Path> files = LogFiles.list(directory);
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i);
            boolean newest = mark != null && file.equals(mark.file());
            AuditReport found = checkFile(files, i, newest ? mark.length() : Long.MAX_VALUE);
            if (found != null) {
                return found;
            }
            if (newest) {
                break;
            }
        }
        if (bad == null) {
            bad = checkEnd();
        } else {
            bad = bad(bad.finding(), expected(), bad.sentence());
        }
        return bad != null ? bad : new AuditReport(Finding.INTACT, 0, expected() - 1, signed, (expected() - 1)
                + " entries are as they were written; " + (signed == 0 ? "none is" : "those up to " + signed + " are") + " signed.");
    }

    private long expected() {
        return last == null ? 1 : last.sequence() + 1;
    }

    private AuditReport bad(Finding finding, long entry, String sentence) {
        return new AuditReport(finding, entry, Math.min(entry, expected()) - 1, signed, sentence);
    }

    private AuditReport readHead() throws IOException {
        try {
            head = LogFiles.readHead(directory);
            if (head == null) {
                return bad(Finding.CHANGED, 0, "The file " + LogFiles.HEAD + " is not as it was written, so the end is not known.");
            }
            if (!isSignedByKey(head)) {
                return bad(Finding.BAD_SIGNATURE, 0, "The file " + LogFiles.HEAD + " has no good signature of this key.");
            }
            return null;
        } catch (NoSuchFileException e) {
            return bad(Finding.CUT, 0, "The file " + LogFiles.HEAD + " is missing, so the end is not known.");
        }
    }

    private boolean isSignedByKey(Entry entry) {
        return entry.key().equals(SigningToken.keyName(key)) && SigningToken.verifies(key, entry.signed(), entry.signature());
    }

    private AuditReport checkFile(List<Path> files, int index, long limit) throws IOException {
        Path file = files.get(index);
        try (LineReader lines = new LineReader(file, limit)) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                AuditReport bad = checkEntry(Entry.parse(line), files, index);
                if (bad != null) {
                    return bad;
                }
            }
            return lines.unfinished() == 0 ? null : bad(Finding.CUT, expected(), "Entry " + expected() + " is not complete: "
                    + file.getFileName() + " ends within it.");
        }
    }

    private AuditReport checkEntry(Entry entry, List<Path> files, int index) throws IOException {
        long number = expected();
        if (entry == null) {
            return bad(Finding.CHANGED, number, "Entry " + number + " was changed: it does not fit its hash.");
        }
        if (entry.sequence() != number) {
            return stands(number, files.subList(index, files.size()))
                    ? bad(Finding.REORDERED, number, "Entry " + number + " is not in its place: entry " + entry.sequence() + " stands there.")
                    : bad(Finding.MISSING, number, "Entry " + number + " is missing: entry " + entry.sequence() + " stands in its place.");
        }
        if (!entry.previous().equals(last == null ? Entry.NO_HASH : last.hash())) {
            // Whoever changed an entry and its own hash could not change what the next one says about it.
            long changed = Math.max(1, number - 1);
            return bad(Finding.CHANGED, changed, "Entry " + changed + " was changed: entry " + number + " knows another hash of it.");
        }
        if (entry.isSignature()) {
            if (!isSignedByKey(entry)) {
                return bad(Finding.BAD_SIGNATURE, number, "Entry " + number + " is no good signature of this key: it or one of the entries "
                        + (signed + 1) + " to " + (number - 1) + " was changed, or another key signed.");
            }
            signed = number;
        }
        last = entry;
        if (head != null && head.sequence() == number) {
            atHead = entry;
        }
        return null;
    }

    /** Tells whether an entry stands somewhere in these files. */
    private static boolean stands(long number, List<Path> files) throws IOException {
        for (Path file : files) {
            try (LineReader lines = new LineReader(file, Files.size(file))) {
                for (byte[] line = lines.next(); line != null; line = lines.next()) {
                    Entry entry = Entry.parse(line);
                    if (entry != null && entry.sequence() == number) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private AuditReport checkEnd() {
        long number = expected();
        if (head.sequence() >= number) {
            return bad(Finding.CUT, number, "Entry " + number + " is cut off: " + head.sequence() + " entries were signed.");
        }
        if (head.sequence() > 0 && !atHead.hash().equals(head.hash())) {
            return bad(Finding.CHANGED, head.sequence(), "Entry " + head.sequence() + " was changed: the file " + LogFiles.HEAD
                    + " knows another hash of it.");
        }
        return null;
    }
}
