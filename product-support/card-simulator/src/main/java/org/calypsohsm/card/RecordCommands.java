package org.calypsohsm.card;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.card.ElementaryFile.Group;
import org.calypsohsm.card.ElementaryFile.Type;

/** Commands on records, and the refusal of commands on binary files. Source: calypso-card.md section b. */
final class RecordCommands {

    private static final int RECORD = ElementaryFile.RECORD_LENGTH;
    private static final int ONE_RECORD = 0x04;
    private static final int FROM_RECORD = 0x05;
    /** Record number and length before each record of a series. */
    private static final int SERIES_HEADER = 2;
    private static final int SFI_IN_P1 = 0x80;
    private static final int SFI_MASK = 0x1F;
    private static final int MULTIPLE_TAG = 0x54;
    private static final int MULTIPLE_LC = 4;

    private RecordCommands() {
    }

    /** Read Records: one record, or a series of number, length, record. */
    static byte[] read(CardState card, CommandApdu command) {
        int mode = command.p2() & 0x07;
        if (mode != ONE_RECORD && mode != FROM_RECORD) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        checkNoData(command);
        ElementaryFile file = card.file(command.p2() >> 3);
        int first = command.p1();
        file.checkRecord(first);
        card.checkReadable(file, card.sessionKey());
        FileImage image = card.image();
        byte[] all;
        if (mode == ONE_RECORD) {
            all = image.record(file, first);
        } else {
            int count = Math.min(file.records - first + 1, card.product.payloadCapacity() / (RECORD + SERIES_HEADER));
            all = new byte[count * (RECORD + SERIES_HEADER)];
            for (int i = 0, at = 0; i < count; i++, at += RECORD + SERIES_HEADER) {
                all[at] = (byte) (first + i);
                all[at + 1] = RECORD;
                image.read(file, first + i, 0, all, at + SERIES_HEADER, RECORD);
            }
        }
        return leading(all, command.le());
    }

    /** Cuts a response to Le; without Le, or with Le = 00, all is sent. */
    static byte[] leading(byte[] all, int le) {
        if (le > all.length) {
            throw new Refusal(CardStatus.WRONG_LE | all.length);
        }
        int length = le > 0 ? le : all.length;
        byte[] response = new byte[length + 2];
        System.arraycopy(all, 0, response, 0, length);
        response[length] = (byte) (CardStatus.OK >> 8);
        return response;
    }

    /** Read Record Multiple (revision 3): the same part of each record. */
    static byte[] readMultiple(CardState card, CommandApdu command) {
        if ((command.p2() & 0x07) != FROM_RECORD) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        if (command.lc() != MULTIPLE_LC) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        ElementaryFile file = card.file(command.p2() >> 3);
        int first = command.p1();
        file.checkRecord(first);
        card.checkReadable(file, card.sessionKey());
        int offset = command.data(2);
        int length = command.data(3);
        if (command.data(0) != MULTIPLE_TAG || command.data(1) != 2 || length == 0 || offset + length > RECORD) {
            throw new Refusal(CardStatus.WRONG_DATA);
        }
        // All files of the structure fit in one answer, so 6200 (partial, to be continued) never happens.
        int count = file.records - first + 1;
        byte[] all = new byte[count * length];
        for (int i = 0; i < count; i++) {
            card.image().read(file, first + i, offset, all, i * length, length);
        }
        return CardStatus.response(all, CardStatus.OK);
    }

    /** Update Record: replaces the leading bytes. */
    static byte[] update(CardState card, CommandApdu command) {
        ElementaryFile file = fileToWrite(card, command);
        card.modify(file, Group.UPDATE, command.lc())
                .update(file, command.p1(), command.bytes(), command.dataOffset(), command.lc());
        return CardStatus.response(CardStatus.OK);
    }

    /** Write Record: bitwise OR into the leading bytes. */
    static byte[] write(CardState card, CommandApdu command) {
        ElementaryFile file = fileToWrite(card, command);
        if (file.type == Type.COUNTERS) {
            throw new Refusal(CardStatus.WRONG_FILE_TYPE);
        }
        card.modify(file, Group.WRITE_DECREASE, command.lc())
                .write(file, command.p1(), command.bytes(), command.dataOffset(), command.lc());
        return CardStatus.response(CardStatus.OK);
    }

    private static ElementaryFile fileToWrite(CardState card, CommandApdu command) {
        if ((command.p2() & 0x07) != ONE_RECORD) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        ElementaryFile file = card.file(command.p2() >> 3);
        file.checkRecord(command.p1());
        if (file.type == Type.CYCLIC && command.p1() != 1) {
            throw new Refusal(CardStatus.WRONG_FILE_TYPE);
        }
        checkRecordData(command);
        return file;
    }

    /** Append Record: a new record 1 of a cyclic file. */
    static byte[] append(CardState card, CommandApdu command) {
        if (command.p1() != 0 || (command.p2() & 0x07) != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        ElementaryFile file = card.file(command.p2() >> 3);
        if (file.type != Type.CYCLIC) {
            throw new Refusal(CardStatus.WRONG_FILE_TYPE);
        }
        checkRecordData(command);
        card.modify(file, Group.APPEND_INCREASE, command.lc())
                .append(file, command.bytes(), command.dataOffset(), command.lc());
        return CardStatus.response(CardStatus.OK);
    }

    private static void checkRecordData(CommandApdu command) {
        if (command.lc() == 0 || command.lc() > RECORD) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
    }

    static void checkNoData(CommandApdu command) {
        if (command.lc() != 0) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
    }

    /** Read, Update and Write Binary: no file of the structure is binary. */
    static byte[] binary(CardState card, CommandApdu command) {
        card.file((command.p1() & SFI_IN_P1) != 0 ? command.p1() & SFI_MASK : 0);
        throw new Refusal(CardStatus.WRONG_FILE_TYPE);
    }
}
