package org.calypsohsm.card;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Personalizes cards. Without further calls: key group 0, serial number 1, empty files, all counters at zero.
 * A builder can be used again; cards do not share what they change. Source: calypso-card.md sections a, d and f.
 */
public final class CardBuilder {

    /** Offset of the serial number in the record of EF ICC. */
    private static final int SERIAL_IN_ICC = 12;
    private static final int MAX_COUNTER = 0xFF_FFFF;

    private final CardProduct product;
    private final FileImage image = new FileImage();
    private byte[] startup;
    private int keyGroup;
    private long serialNumber = 1;
    private int transactionCounter = MAX_COUNTER;

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
        byte[] sharedStartup = startup.clone();
        List<Card> cards = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long number = serialNumber + i;
            byte[] serial = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
            FileImage contents = image.copy();
            ElementaryFile icc = FileStructure.TICKETING.bySfi(FileStructure.SFI_ICC);
            byte[] record = contents.record(icc, 1);
            System.arraycopy(serial, 0, record, SERIAL_IN_ICC, serial.length);
            contents.update(icc, 1, record, 0, record.length);
            cards.add(new Card(new CardState(product, sharedStartup, serial, new CardKeys(masters, serial), contents,
                    transactionCounter, number)));
        }
        return cards;
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
