package org.calypsohsm.card;

import java.io.ByteArrayOutputStream;
import java.util.List;

import org.calypsohsm.apdu.CommandApdu;

/**
 * Select Application, Select File, Get Data: everything that answers FCI, FCP or EF list.
 * Source: calypso-card.md sections a and b.
 */
final class SelectionCommands {

    private static final int BY_NAME = 0x04;
    private static final int AID_MIN = 5;
    private static final int AID_MAX = 16;
    private static final int NEXT = 0x02;
    private static final int NO_FCI = 0x0C;
    private static final int BY_LID_REVISION_1 = 0x08;
    private static final int BY_LID_REVISION_2 = 0x02;
    private static final int BY_LID_REVISION_3 = 0x09;
    private static final int LID_LENGTH = 2;

    private static final int TAG_FCI = 0x006F;
    private static final int TAG_FCP = 0x0062;
    private static final int TAG_EF_LIST = 0x00C0;

    private static final int FCP_LENGTH = 23;
    private static final int ACCESS_AT = 5;
    private static final int KEY_INDEX_AT = 9;
    private static final int STATUS_AT = 13;
    private static final int DATA_REFERENCE_AT = 14;
    private static final int KVC_AT = 14;
    private static final int KIF_AT = 17;
    private static final int LID_AT = 21;
    private static final int LID_AT_REVISION_2 = 20;
    private static final int TYPE_MF = 0x01;
    private static final int TYPE_DF = 0x02;
    private static final int TYPE_EF = 0x04;

    private SelectionCommands() {
    }

    /** @return true for Select Application, which ends a session and is never part of it */
    static boolean isApplicationSelection(CommandApdu command) {
        return command.p1() == BY_NAME;
    }

    static byte[] select(CardState card, CommandApdu command) {
        return isApplicationSelection(command) ? selectApplication(card, command) : selectFile(card, command);
    }

    private static byte[] selectApplication(CardState card, CommandApdu command) {
        card.abortSession();
        int occurrence = command.p2() & 0x03;
        int answer = command.p2() & ~0x03;
        if (occurrence != 0 && occurrence != NEXT || answer != 0 && answer != NO_FCI) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        if (command.lc() < AID_MIN || command.lc() > AID_MAX) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        List<Directory> all = card.directories();
        int first = occurrence == NEXT ? all.indexOf(card.directory()) + 1 : 0;
        for (Directory directory : all.subList(first, all.size())) {
            if (directory.matches(command.bytes(), command.dataOffset(), command.lc())) {
                card.selectByName(directory);
                return answer == NO_FCI ? CardStatus.response(fciStatus(card)) : fci(card);
            }
        }
        throw new Refusal(CardStatus.FILE_NOT_FOUND);
    }

    private static byte[] selectFile(CardState card, CommandApdu command) {
        int p1 = command.p1();
        int p2 = command.p2();
        boolean byLid = p2 == 0 && (p1 == BY_LID_REVISION_1 || p1 == BY_LID_REVISION_2 || p1 == BY_LID_REVISION_3);
        boolean next = p2 == NEXT && p1 == BY_LID_REVISION_2;
        if (!byLid && !next) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        if (command.lc() != LID_LENGTH) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        int lid = command.data(0) << 8 | command.data(1);
        if (next) {
            selectFileAt(card, card.file() == null ? 0 : card.directory().files().indexOf(card.file()) + 1);
        } else if (lid != 0 || p1 == BY_LID_REVISION_1) {
            selectByLid(card, lid);
        } else if (p1 == BY_LID_REVISION_2) {
            selectFileAt(card, 0);
        } else {
            card.select(card.directory(), null);
        }
        return CardStatus.response(fcp(card), CardStatus.OK);
    }

    private static void selectFileAt(CardState card, int index) {
        List<ElementaryFile> files = card.directory().files();
        if (index >= files.size()) {
            throw new Refusal(CardStatus.FILE_NOT_FOUND);
        }
        card.select(card.directory(), files.get(index));
    }

    /** The current DF is searched first, then the whole card. */
    private static void selectByLid(CardState card, int lid) {
        ElementaryFile here = card.directory().byLid(lid);
        if (here != null) {
            card.select(card.directory(), here);
            return;
        }
        for (Directory directory : card.directories()) {
            ElementaryFile file = directory.byLid(lid);
            if (directory.lid() == lid || file != null) {
                // The key of a session belongs to the DF that it was opened in.
                if (card.session() != null && directory != card.directory()) {
                    throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
                }
                card.select(directory, file);
                return;
            }
        }
        throw new Refusal(CardStatus.FILE_NOT_FOUND);
    }

    static byte[] getData(CardState card, CommandApdu command) {
        RecordCommands.checkNoData(command);
        return switch (command.p1p2()) {
            case TAG_FCI -> fci(card);
            case TAG_FCP -> CardStatus.response(fcp(card), CardStatus.OK);
            case TAG_EF_LIST -> CardStatus.response(efList(card.directory()), CardStatus.OK);
            default -> throw new Refusal(CardStatus.DATA_OBJECT_NOT_FOUND);
        };
    }

    private static int fciStatus(CardState card) {
        return card.image().isInvalidated(card.directory()) ? CardStatus.INVALIDATED : CardStatus.OK;
    }

    private static byte[] fci(CardState card) {
        byte[] name = card.directory().name();
        if (name.length == 0) {
            throw new Refusal(CardStatus.DATA_OBJECT_NOT_FOUND);
        }
        int discretionary = 2 + card.serialNumber.length + 2 + card.startup.length;
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        out.write(0x6F);
        out.write(2 + name.length + 2 + 3 + discretionary);
        out.write(0x84);
        out.write(name.length);
        out.writeBytes(name);
        out.write(0xA5);
        out.write(3 + discretionary);
        out.write(0xBF);
        out.write(0x0C);
        out.write(discretionary);
        out.write(0xC7);
        out.write(card.serialNumber.length);
        out.writeBytes(card.serialNumber);
        out.write(0x53);
        out.write(card.startup.length);
        out.writeBytes(card.startup);
        return CardStatus.response(out.toByteArray(), fciStatus(card));
    }

    /** The FCP of the current EF, else of the current DF. */
    private static byte[] fcp(CardState card) {
        Directory directory = card.directory();
        ElementaryFile file = card.file();
        byte[] fcp = new byte[2 + FCP_LENGTH];
        fcp[0] = (byte) 0x85;
        fcp[1] = FCP_LENGTH;
        Block block = new Block(fcp, 2);
        block.set(STATUS_AT, card.image().isInvalidated(directory) ? 1 : 0);
        boolean lidAsRevision2 = !card.product.isRevision3() && !card.isUsedAsRevision1();
        block.setShort(lidAsRevision2 ? LID_AT_REVISION_2 : LID_AT, file == null ? directory.lid() : file.lid);
        if (file == null) {
            block.set(1, directory.isMf() ? TYPE_MF : TYPE_DF);
            block.setAccess(0, Directory.REHABILITATE);
            block.setAccess(1, Directory.INVALIDATE);
            for (int i = 0; i < CardKeys.PER_DIRECTORY; i++) {
                block.set(KVC_AT + i, card.keys.kvc(directory, i + 1));
                block.set(KIF_AT + i, card.keys.kif(directory, i + 1));
            }
        } else {
            block.set(0, file.sfi);
            block.set(1, TYPE_EF);
            block.set(2, file.type.code);
            block.set(3, ElementaryFile.RECORD_LENGTH);
            block.set(4, file.records);
            for (ElementaryFile.Group group : ElementaryFile.Group.values()) {
                block.setAccess(group.ordinal(), file.access(group));
            }
            block.setShort(DATA_REFERENCE_AT, file.dataReference);
        }
        return fcp;
    }

    private static byte[] efList(Directory directory) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(80);
        out.write(0xC0);
        out.write(8 * directory.files().size());
        for (ElementaryFile file : directory.files()) {
            out.write(0xC1);
            out.write(6);
            out.write(file.lid >> 8);
            out.write(file.lid);
            out.write(file.sfi);
            out.write(file.type.code);
            out.write(ElementaryFile.RECORD_LENGTH);
            out.write(file.records);
        }
        return out.toByteArray();
    }

    /** The proprietary block of an FCP, written by its documented offsets. */
    private record Block(byte[] bytes, int start) {

        void set(int at, int value) {
            bytes[start + at] = (byte) value;
        }

        void setShort(int at, int value) {
            set(at, value >> 8);
            set(at + 1, value);
        }

        void setAccess(int group, Access access) {
            set(ACCESS_AT + group, access.code());
            set(KEY_INDEX_AT + group, access.key());
        }
    }
}
