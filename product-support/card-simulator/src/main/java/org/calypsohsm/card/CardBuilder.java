package org.calypsohsm.card;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Personalizes cards. Without further calls: key group 0, serial number 1, empty files, all counters and the stored value
 * at zero, PIN 30303030 ("0000" in ASCII).
 * A builder can be used again; cards do not share what they change. Source: calypso-card.md sections a, d and f.
 */
public final class CardBuilder {

    /** Offset of the serial number in the record of EF ICC. */
    private static final int SERIAL_IN_ICC = 12;
    private static final int MAX_COUNTER = 0xFF_FFFF;
    private static final int MAX_BALANCE = 0x7F_FFFF;
    private static final int MAX_TRANSACTION_NUMBER = 0xFFFF;
    private static final int TYPE = 2;
    private static final int TYPE_PIN = 0x01;
    private static final int TYPE_STORED_VALUE = 0x02;

    private final CardProduct product;
    private final FileImage image = new FileImage();
    private byte[] startup;
    private int keyGroup;
    private long serialNumber = 1;
    private int transactionCounter = MAX_COUNTER;
    private byte[] pin = {0x30, 0x30, 0x30, 0x30};
    private boolean hasPin = true;
    private boolean hasStoredValue = true;
    private boolean virgin;

    CardBuilder(CardProduct product) {
        this.product = product;
        this.startup = product.startupInformation();
    }

    /**
     * Chooses the key group of the public test keys.
     *
     * @param number number of the group
     * @return this
     */
    public CardBuilder keyGroup(int number) {
        keyGroup = number;
        return this;
    }

    /**
     * Sets the serial number of the (first) card.
     *
     * @param number 8 bytes as a number; the high 4 bytes should be zero for a CD97 that is used as a revision 1 card,
     *               since its ATR shows the low 4 bytes only
     * @return this
     */
    public CardBuilder serialNumber(long number) {
        serialNumber = number;
        return this;
    }

    /**
     * Sets another startup information than the product's usual one, for example the Tango sample 03080304000200. The
     * session limit follows from its first byte; all else of the card's behaviour stays that of the product.
     *
     * @param bytes 7 bytes: session modifications, platform, type, subtype, issuer, version, revision
     * @return this
     * @throws IllegalArgumentException if there are not 7 bytes
     */
    public CardBuilder startupInformation(byte[] bytes) {
        if (bytes.length != CardProduct.STARTUP_LENGTH) {
            throw new IllegalArgumentException("Startup information has " + CardProduct.STARTUP_LENGTH + " bytes, not "
                    + bytes.length + ".");
        }
        startup = bytes.clone();
        return this;
    }

    /**
     * Fills a record of the ticketing DF.
     *
     * @param sfi    short file identifier
     * @param record record number from 1; record 1 of a cyclic file is the newest
     * @param data   1 to 29 bytes; the others stay as they are
     * @return this
     * @throws IllegalArgumentException if there is no such file or record, or the data is too long
     */
    public CardBuilder record(int sfi, int record, byte[] data) {
        ElementaryFile file = ticketingFile(sfi, record);
        if (data.length > ElementaryFile.RECORD_LENGTH) {
            throw new IllegalArgumentException(
                    "A record has " + ElementaryFile.RECORD_LENGTH + " bytes, not " + data.length + ".");
        }
        image.update(file, record, data, 0, data.length);
        return this;
    }

    /**
     * Sets a counter of the ticketing DF.
     *
     * @param counter counter number, 1..9
     * @param value   0..FFFFFF
     * @return this
     * @throws IllegalArgumentException if there is no such counter, or the value is out of range
     */
    public CardBuilder counter(int counter, int value) {
        checkCounterValue(value);
        image.setCounter(countersFile(counter), counter, value);
        return this;
    }

    /**
     * Sets how many sessions can be opened before the card answers 6900.
     *
     * @param value 0..FFFFFF
     * @return this
     * @throws IllegalArgumentException if the value is out of range
     */
    public CardBuilder transactionCounter(int value) {
        checkCounterValue(value);
        transactionCounter = value;
        return this;
    }

    /**
     * Sets whether the ticketing DF is invalidated: selection then answers 6283, and nothing can be modified.
     *
     * @param invalidated true if it is
     * @return this
     */
    public CardBuilder invalidated(boolean invalidated) {
        image.setInvalidated(FileStructure.TICKETING, invalidated);
        return this;
    }

    /**
     * Sets the PIN.
     *
     * @param value 4 bytes
     * @return this
     * @throws IllegalArgumentException if there are not 4 bytes
     */
    public CardBuilder pin(byte[] value) {
        if (value.length != Pin.LENGTH) {
            throw new IllegalArgumentException("A PIN has " + Pin.LENGTH + " bytes, not " + value.length + ".");
        }
        pin = value.clone();
        return this;
    }

    /**
     * Sets whether the card has a PIN; without, Verify PIN answers 6D00. A revision 3 application then shows it in its
     * type.
     *
     * @param supported true if it has, as all cards have without this call
     * @return this
     * @throws IllegalArgumentException if the product always has a PIN: CD21
     */
    public CardBuilder pinSupported(boolean supported) {
        checkConfigurable("a PIN", supported);
        hasPin = supported;
        return this;
    }

    /**
     * Sets whether the card has stored value; without, it has no DF 1000, and SV commands answer 6D00. A revision 3
     * application then shows it in its type.
     *
     * @param supported true if it has, as all cards have without this call
     * @return this
     * @throws IllegalArgumentException if the product always has stored value: CD21
     */
    public CardBuilder storedValueSupported(boolean supported) {
        checkConfigurable("stored value", supported);
        hasStoredValue = supported;
        return this;
    }

    private void checkConfigurable(String what, boolean supported) {
        if (!supported && !product.isPinAndStoredValueOptional()) {
            throw new IllegalArgumentException(product + " always has " + what + ".");
        }
    }

    /**
     * Sets the balance of the stored value.
     *
     * @param value -800000..7FFFFF
     * @return this
     * @throws IllegalArgumentException if the value is out of range
     */
    public CardBuilder balance(int value) {
        if (value < ~MAX_BALANCE || value > MAX_BALANCE) {
            throw new IllegalArgumentException(
                    "A balance is " + ~MAX_BALANCE + " to " + MAX_BALANCE + ", not " + value + ".");
        }
        image.setStoredValue(value, image.storedValueTransactionNumber(), new byte[0]);
        return this;
    }

    /**
     * Sets the number of the next stored value operation.
     *
     * @param value 0..FFFF; from FFFE on the card answers 6900 to stored value operations
     * @return this
     * @throws IllegalArgumentException if the value is out of range
     */
    public CardBuilder storedValueTransactionNumber(int value) {
        if (value < 0 || value > MAX_TRANSACTION_NUMBER) {
            throw new IllegalArgumentException(
                    "A transaction number is 0 to " + MAX_TRANSACTION_NUMBER + ", not " + value + ".");
        }
        image.setStoredValue(image.balance(), value, new byte[0]);
        return this;
    }

    /**
     * Sets whether the card still has null keys (16 zero bytes, KIF 00, KVC 00) in all its DFs, for Change Key. With a null
     * key no session can be opened; the key group then counts for nothing.
     *
     * @param nullKeys true if it has
     * @return this
     */
    public CardBuilder virgin(boolean nullKeys) {
        virgin = nullKeys;
        return this;
    }

    /** @return one card */
    public Card build() {
        return buildBatch(1).get(0);
    }

    /**
     * Makes cards with consecutive serial numbers. They share what is the same in all of them.
     *
     * @param count number of cards
     * @return the cards, by serial number
     * @throws IllegalArgumentException if the count is negative
     */
    public List<Card> buildBatch(int count) {
        CardKeys.Masters masters = new CardKeys.Masters(product.profile(), keyGroup);
        byte[] sharedStartup = startupOfFeatures();
        byte[] sharedPin = pin.clone();
        List<Card> cards = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long number = serialNumber + i;
            byte[] serial = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
            FileImage contents = image.copy();
            ElementaryFile icc = FileStructure.TICKETING.bySfi(FileStructure.SFI_ICC);
            byte[] record = contents.record(icc, 1);
            System.arraycopy(serial, 0, record, SERIAL_IN_ICC, serial.length);
            contents.update(icc, 1, record, 0, record.length);
            cards.add(new Card(new CardState(product, sharedStartup, serial, new CardKeys(masters, serial, virgin),
                    hasPin ? new Pin(sharedPin) : null, hasStoredValue, contents, transactionCounter, number)));
        }
        return cards;
    }

    /** Terminals take PIN and stored value from the type of a revision 3 application; older types don't tell. */
    private byte[] startupOfFeatures() {
        byte[] own = startup.clone();
        if (product.isRevision3()) {
            own[TYPE] &= (byte) ~((hasPin ? 0 : TYPE_PIN) | (hasStoredValue ? 0 : TYPE_STORED_VALUE));
        }
        return own;
    }

    private static void checkCounterValue(int value) {
        if (value < 0 || value > MAX_COUNTER) {
            throw new IllegalArgumentException("A counter is 0 to " + MAX_COUNTER + ", not " + value + ".");
        }
    }

    static ElementaryFile ticketingFile(int sfi, int record) {
        ElementaryFile file = FileStructure.TICKETING.bySfi(sfi);
        if (file == null || record < 1 || record > file.records) {
            throw new IllegalArgumentException(String.format("There is no record %d in a file with SFI %02X.", record, sfi));
        }
        return file;
    }

    static ElementaryFile countersFile(int counter) {
        ElementaryFile file = ticketingFile(FileStructure.SFI_COUNTERS, 1);
        if (counter < 1 || counter > file.counters()) {
            throw new IllegalArgumentException("There is no counter " + counter + ".");
        }
        return file;
    }
}
