package org.calypsohsm.card;

/**
 * The description of an elementary file (EF); its contents are in a {@link FileImage}. Shared by all cards.
 * Source: calypso-card.md section b (FCP) and section f (Structure "02").
 */
final class ElementaryFile {

    /** Structure of a file, with its code in FCP and EF list. */
    enum Type {
        LINEAR(0x02), CYCLIC(0x04), COUNTERS(0x09);

        final int code;

        Type(int code) {
            this.code = code;
        }
    }

    /** Groups of commands, each with its own access condition. */
    enum Group {
        READ, UPDATE, WRITE_DECREASE, APPEND_INCREASE
    }

    /** Record length of all files in all three products, in bytes. */
    static final int RECORD_LENGTH = 29;
    /** Length of a counter in a record, in bytes. */
    static final int COUNTER_LENGTH = 3;

    final int lid;
    final int sfi;
    final Type type;
    final int records;
    /** LID of the file that owns the contents: another one for ICC and ID, which MF and DF share. */
    final int dataReference;
    /** Where record 1 lies in a {@link FileImage}. */
    final int offset;
    private final Access[] access;

    ElementaryFile(int lid, int sfi, Type type, int records, int dataReference, int offset, Access... access) {
        this.lid = lid;
        this.sfi = sfi;
        this.type = type;
        this.records = records;
        this.dataReference = dataReference;
        this.offset = offset;
        this.access = access;
    }

    Access access(Group group) {
        return access[group.ordinal()];
    }

    int counters() {
        return RECORD_LENGTH / COUNTER_LENGTH;
    }

    /**
     * Checks a record number.
     *
     * @throws Refusal 6A83 if there is no such record
     */
    void checkRecord(int record) {
        if (record < 1 || record > records) {
            throw new Refusal(CardStatus.RECORD_NOT_FOUND);
        }
    }
}
