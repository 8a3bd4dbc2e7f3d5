package org.calypsohsm.audit;

import java.util.Objects;

/**
 * What a check of the audit log found.
 *
 * @param finding  what is wrong with the first bad entry
 * @param badEntry number of the first bad entry; 0 if there is none
 * @param entries  how many entries are good, from the first on
 * @param signed   up to which entry they are under a good signature; 0 if there is none
 * @param sentence the same in one sentence
 * @since 1.1
 */
public record AuditReport(Finding finding, long badEntry, long entries, long signed, String sentence) {

    /** What can be wrong with an entry. */
    public enum Finding {
        /** Nothing: all entries are as they were written. */
        INTACT,
        /** Its content is not what was written. */
        CHANGED,
        /** It is not there, and a later one is. */
        MISSING,
        /** It is there, but not in its place. */
        REORDERED,
        /** The signature does not fit what stands before it, or is of another key. */
        BAD_SIGNATURE,
        /** The log ends before it, or within it. */
        CUT
    }

    /** Checks that every part is there. */
    public AuditReport {
        Objects.requireNonNull(finding, "finding");
        Objects.requireNonNull(sentence, "sentence");
    }

    /** @return true if nothing is wrong */
    public boolean isIntact() {
        return finding == Finding.INTACT;
    }
}
