package org.calypsohsm.card;

import static org.calypsohsm.card.Access.ALWAYS;
import static org.calypsohsm.card.Access.DEBIT;
import static org.calypsohsm.card.Access.ISSUER;
import static org.calypsohsm.card.Access.LOAD;
import static org.calypsohsm.card.Access.NEVER;
import static org.calypsohsm.card.Access.PIN;

import java.nio.charset.StandardCharsets;
import java.util.List;

import org.calypsohsm.card.ElementaryFile.Type;

/**
 * The files of all cards: Structure "02" (MF with ICC and ID, ticketing DF 2000) and the stored value DF 1000.
 * Source: calypso-card.md section f.
 */
final class FileStructure {

    /** SFI of the files that the personalization fills. */
    static final int SFI_ICC = 0x02;
    static final int SFI_COUNTERS = 0x19;

    static final Directory MF;
    static final Directory TICKETING;
    static final Directory STORED_VALUE;
    static final List<Directory> DIRECTORIES;
    /** Those of a card without stored value. */
    static final List<Directory> WITHOUT_STORED_VALUE;
    /** Where the stored value lies in a {@link FileImage}: balance, transaction number, last signature. */
    static final int STORED_VALUE_AT;
    /** Length of a {@link FileImage} in bytes: DF status bytes, the records, the stored value. */
    static final int IMAGE_LENGTH;

    private static final int DIRECTORY_COUNT = 3;
    private static final int LID_ICC = 0x0002;
    private static final int LID_ID = 0x0003;

    static {
        Layout layout = new Layout();
        ElementaryFile icc = layout.add(LID_ICC, SFI_ICC, Type.LINEAR, 1, ALWAYS, NEVER, ISSUER, NEVER);
        ElementaryFile id = layout.add(LID_ID, 0x03, Type.LINEAR, 1, PIN, LOAD, NEVER, NEVER);
        MF = new Directory(Directory.MF, new byte[0], 0, 0, List.of(icc, id));
        TICKETING = new Directory(0x2000, name("1TIC.ICA"), 0, 1, List.of(
                shared(0x2002, icc, ALWAYS, NEVER, ISSUER, NEVER),
                shared(0x2003, id, PIN, LOAD, NEVER, NEVER),
                layout.add(0x2001, 0x07, Type.LINEAR, 1, ALWAYS, ISSUER, NEVER, NEVER),
                layout.add(0x2010, 0x08, Type.CYCLIC, 3, ALWAYS, DEBIT, DEBIT, DEBIT),
                layout.add(0x2020, 0x09, Type.LINEAR, 4, ALWAYS, LOAD, DEBIT, NEVER),
                layout.add(0x2069, SFI_COUNTERS, Type.COUNTERS, 1, ALWAYS, LOAD, DEBIT, LOAD),
                layout.add(0x2040, 0x1D, Type.LINEAR, 1, ALWAYS, DEBIT, NEVER, NEVER),
                layout.add(0x2050, 0x1E, Type.LINEAR, 1, ALWAYS, DEBIT, NEVER, NEVER)));
        STORED_VALUE = new Directory(0x1000, name("0ETP.ICA"), CardKeys.PER_DIRECTORY, 2, List.of(
                layout.add(0x1014, 0x14, Type.CYCLIC, 1, ALWAYS, NEVER, NEVER, NEVER),
                layout.add(0x1015, 0x15, Type.CYCLIC, 3, ALWAYS, NEVER, NEVER, NEVER)));
        DIRECTORIES = List.of(MF, TICKETING, STORED_VALUE);
        WITHOUT_STORED_VALUE = List.of(MF, TICKETING);
        STORED_VALUE_AT = layout.end;
        IMAGE_LENGTH = STORED_VALUE_AT + FileImage.STORED_VALUE_LENGTH;
    }

    private FileStructure() {
    }

    /** A file of this DF with the contents of a file of the MF. */
    private static ElementaryFile shared(int lid, ElementaryFile of, Access... access) {
        return new ElementaryFile(lid, of.sfi, of.type, of.records, of.lid, of.offset, access);
    }

    private static byte[] name(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }

    private static final class Layout {

        private int end = DIRECTORY_COUNT;

        ElementaryFile add(int lid, int sfi, Type type, int records, Access... access) {
            ElementaryFile file = new ElementaryFile(lid, sfi, type, records, lid, end, access);
            end += records * ElementaryFile.RECORD_LENGTH;
            return file;
        }
    }
}
