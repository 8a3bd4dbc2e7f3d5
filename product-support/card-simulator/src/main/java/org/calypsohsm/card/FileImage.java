package org.calypsohsm.card;

import java.util.Arrays;

/**
 * The contents of all files of one card, the DF status bytes and the stored value, in one array: a secure session works on
 * a copy, which replaces the original when the session is closed. Record 1 of a cyclic file lies first, and is the newest.
 */
final class FileImage {

    /** Balance 3 bytes, transaction number 2, last signature up to 6. */
    static final int STORED_VALUE_LENGTH = 11;

    private static final int RECORD = ElementaryFile.RECORD_LENGTH;
    private static final int COUNTER = ElementaryFile.COUNTER_LENGTH;
    private static final int BALANCE_AT = FileStructure.STORED_VALUE_AT;
    private static final int TRANSACTION_NUMBER_AT = BALANCE_AT + 3;
    private static final int SIGNATURE_AT = TRANSACTION_NUMBER_AT + 2;

    private final byte[] bytes;

    FileImage() {
        this(new byte[FileStructure.IMAGE_LENGTH]);
    }

    private FileImage(byte[] bytes) {
        this.bytes = bytes;
    }

    FileImage copy() {
        return new FileImage(bytes.clone());
    }

    byte[] toBytes() {
        return bytes.clone();
    }

    private static int offset(ElementaryFile file, int record) {
        return file.offset + (record - 1) * RECORD;
    }

    /** Copies the leading bytes of a record. */
    void read(ElementaryFile file, int record, int from, byte[] target, int at, int length) {
        System.arraycopy(bytes, offset(file, record) + from, target, at, length);
    }

    byte[] record(ElementaryFile file, int record) {
        int start = offset(file, record);
        return Arrays.copyOfRange(bytes, start, start + RECORD);
    }

    /** Replaces the leading bytes of a record; the others stay. */
    void update(ElementaryFile file, int record, byte[] source, int from, int length) {
        System.arraycopy(source, from, bytes, offset(file, record), length);
    }

    /** Sets the bits of a record that are set in the data. */
    void write(ElementaryFile file, int record, byte[] source, int from, int length) {
        int start = offset(file, record);
        for (int i = 0; i < length; i++) {
            bytes[start + i] |= source[from + i];
        }
    }

    /** Puts a new record 1 before the others; the oldest one is lost. Missing bytes are zero. */
    void append(ElementaryFile file, byte[] source, int from, int length) {
        System.arraycopy(bytes, file.offset, bytes, file.offset + RECORD, (file.records - 1) * RECORD);
        Arrays.fill(bytes, file.offset, file.offset + RECORD, (byte) 0);
        System.arraycopy(source, from, bytes, file.offset, length);
    }

    /** @return value of a counter of record 1, 0..FFFFFF */
    int counter(ElementaryFile file, int counter) {
        int at = file.offset + (counter - 1) * COUNTER;
        return (bytes[at] & 0xFF) << 16 | (bytes[at + 1] & 0xFF) << 8 | bytes[at + 2] & 0xFF;
    }

    void setCounter(ElementaryFile file, int counter, int value) {
        int at = file.offset + (counter - 1) * COUNTER;
        bytes[at] = (byte) (value >> 16);
        bytes[at + 1] = (byte) (value >> 8);
        bytes[at + 2] = (byte) value;
    }

    boolean isInvalidated(Directory directory) {
        return bytes[directory.status()] != 0;
    }

    void setInvalidated(Directory directory, boolean invalidated) {
        bytes[directory.status()] = (byte) (invalidated ? 1 : 0);
    }

    /** @return the stored value's balance, -800000..7FFFFF */
    int balance() {
        return bytes[BALANCE_AT] << 16 | (bytes[BALANCE_AT + 1] & 0xFF) << 8 | bytes[BALANCE_AT + 2] & 0xFF;
    }

    /** @return number of the next stored value operation, 0..FFFF */
    int storedValueTransactionNumber() {
        return (bytes[TRANSACTION_NUMBER_AT] & 0xFF) << 8 | bytes[TRANSACTION_NUMBER_AT + 1] & 0xFF;
    }

    /** @return signatureLo of the last stored value operation, zeros before the first */
    byte[] storedValueSignature(int length) {
        return Arrays.copyOfRange(bytes, SIGNATURE_AT, SIGNATURE_AT + length);
    }

    void setStoredValue(int balance, int transactionNumber, byte[] signature) {
        bytes[BALANCE_AT] = (byte) (balance >> 16);
        bytes[BALANCE_AT + 1] = (byte) (balance >> 8);
        bytes[BALANCE_AT + 2] = (byte) balance;
        bytes[TRANSACTION_NUMBER_AT] = (byte) (transactionNumber >> 8);
        bytes[TRANSACTION_NUMBER_AT + 1] = (byte) transactionNumber;
        System.arraycopy(signature, 0, bytes, SIGNATURE_AT, signature.length);
    }
}
