package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.BERTags;
import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;

/**
 * A smart card with the OpenPGP application, as a startup card uses it: its user PIN (PW1) as number 82, the data object 0103
 * for private use, which is read and written with that PIN, and 0101, which anybody reads and that PIN writes.
 *
 * <p>Source: Functional Specification of the OpenPGP application on ISO smart card operating systems, version 3.4, sections
 * 4.4.1 (data objects), 4.3.4 (PIN) and 7.2 (commands).
 */
final class OpenPgpCard {

    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final byte[] APPLICATION = HEX.parseHex("D27600012401");
    /** PIN of a card as it is sold. */
    private static final byte[] FIRST_PIN = "123456".getBytes(StandardCharsets.US_ASCII);

    private static final int IDENTIFIER = 0x004F;
    private static final int IDENTIFIER_LENGTH = 16;
    private static final int APPLICATION_DATA = 0x006E;
    private static final int APPLICATION_DATA_TAG = 14;
    private static final int DISCRETIONARY_TAG = 19;
    private static final int CAPABILITIES_TAG = 0;
    private static final int PRIVATE_USE = 0x08;
    private static final int PIN_STATUS = 0x00C4;
    private static final int TRIES_AT = 4;
    private static final int PUBLIC_DATA = 0x0101;
    private static final int PROTECTED_DATA = 0x0103;

    private static final int SELECT = 0xA4;
    private static final int GET_DATA = 0xCA;
    private static final int PUT_DATA = 0xDA;
    private static final int VERIFY = 0x20;
    private static final int CHANGE = 0x24;
    private static final int BY_NAME = 0x0400;
    private static final int PIN_FOR_CHANGE = 0x0081;
    private static final int PIN_FOR_DATA = 0x0082;
    private static final int TRIES_LEFT = 0x63C0;

    /** Fewest tries that must be left before a PIN is tried that nobody has just typed for this card. */
    static final int SPARE_TRIES = 2;

    private final CardChannel channel;
    private final String reader;
    private final String serial;

    private OpenPgpCard(CardChannel channel, String reader, String serial) {
        this.channel = channel;
        this.reader = reader;
        this.serial = serial;
    }

    /**
     * Selects the application.
     *
     * @param channel the way to the card
     * @param reader  name of the reader, for messages
     * @return the card; null if it has no OpenPGP application
     * @throws IOException if the card does not answer
     */
    static OpenPgpCard select(CardChannel channel, String reader) throws IOException {
        byte[] selected = transmit(channel, CommandApdu.sending(0, SELECT, BY_NAME, APPLICATION));
        if (StatusWord.of(selected) != StatusWord.OK) {
            return null;
        }
        byte[] identifier = get(channel, IDENTIFIER);
        if (StatusWord.of(identifier) != StatusWord.OK || identifier.length != IDENTIFIER_LENGTH + 2) {
            return null;
        }
        // Manufacturer and serial number.
        return new OpenPgpCard(channel, reader, HEX.formatHex(identifier, 8, 14));
    }

    /** @return manufacturer and serial number, 12 hexadecimal digits; no two cards have the same */
    String serial() {
        return serial;
    }

    /**
     * Checks that the card has data objects for private use.
     *
     * @throws StartupException WRONG_CARD if it has none
     */
    void requirePrivateUse() throws StartupException, IOException {
        try {
            ASN1TaggedObject data = ASN1TaggedObject.getInstance(get(APPLICATION_DATA), BERTags.APPLICATION, APPLICATION_DATA_TAG);
            byte[] capabilities = primitive(inside(inside(data), BERTags.APPLICATION, DISCRETIONARY_TAG));
            if (capabilities.length > 0 && (capabilities[0] & PRIVATE_USE) != 0) {
                return;
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            // It does not say so in a form that can be read.
        }
        throw new StartupException(Reason.WRONG_CARD, place() + "it has no data objects for private use; take an OpenPGP card"
                + " that has them.");
    }

    private static ASN1Sequence inside(ASN1TaggedObject object) {
        return ASN1Sequence.getInstance(object.getBaseUniversal(false, BERTags.SEQUENCE));
    }

    private static ASN1Sequence inside(ASN1Sequence sequence, int tagClass, int tag) {
        return inside(find(sequence, tagClass, tag));
    }

    private static byte[] primitive(ASN1Sequence sequence) {
        ASN1TaggedObject found = find(sequence, BERTags.PRIVATE, CAPABILITIES_TAG);
        return ASN1OctetString.getInstance(found.getBaseUniversal(false, BERTags.OCTET_STRING)).getOctets();
    }

    private static ASN1TaggedObject find(ASN1Sequence sequence, int tagClass, int tag) {
        for (int i = 0; i < sequence.size(); i++) {
            if (sequence.getObjectAt(i) instanceof ASN1TaggedObject object && object.hasTag(tagClass, tag)) {
                return object;
            }
        }
        throw new IllegalArgumentException("There is no such object.");
    }

    /** @return how many tries of the PIN are left */
    int triesLeft() throws StartupException, IOException {
        byte[] status = get(PIN_STATUS);
        if (status.length <= TRIES_AT) {
            throw new StartupException(Reason.WRONG_CARD, place() + "it does not say how many tries of its PIN are left; take another card.");
        }
        return status[TRIES_AT] & 0xFF;
    }

    /**
     * Gives the PIN to the card, unless too few tries are left.
     *
     * @param pin        the PIN
     * @param fewestLeft how many tries must be left for that, 1 or more
     * @throws StartupException WRONG_PIN or PIN_BLOCKED
     */
    void verify(Pin pin, int fewestLeft) throws StartupException, IOException {
        requireTries(fewestLeft);
        int status = secret(VERIFY, PIN_FOR_DATA, pin.bytes());
        if (status != StatusWord.OK) {
            throw refused(status);
        }
    }

    private void requireTries(int fewest) throws StartupException, IOException {
        int left = triesLeft();
        if (left == 0) {
            throw blocked();
        }
        if (left < fewest) {
            throw new StartupException(Reason.WRONG_PIN, place() + "only " + tries(left) + " of its PIN " + (left == 1 ? "is" : "are")
                    + " left, so the PIN was not tried; a person has to give it once with the command unlock or with another program,"
                    + " which brings all tries back.");
        }
    }

    private StartupException refused(int status) throws StartupException, IOException {
        // Not every card tells the tries in the status word; all of them tell when asked.
        int left = (status & 0xFFF0) == TRIES_LEFT ? status & 0xF : triesLeft();
        return left == 0 ? blocked() : new StartupException(Reason.WRONG_PIN, place() + "the PIN is wrong; " + tries(left) + " "
                + (left == 1 ? "is" : "are") + " left.");
    }

    private static String tries(int left) {
        return left == 1 ? "1 try" : left + " tries";
    }

    private StartupException blocked() {
        return new StartupException(Reason.PIN_BLOCKED, place() + "it refuses every PIN after too many wrong ones; use another card of"
                + " the set, or have its administrator unblock it.");
    }

    /**
     * Sets the PIN of a card of which nobody knows whether it is new, and gives it to the card. Never uses up the last try.
     *
     * @param pin the PIN from now on
     * @throws StartupException WRONG_PIN if the card has neither the first PIN nor this one; PIN_BLOCKED
     */
    void setPin(Pin pin) throws StartupException, IOException {
        if (Arrays.equals(pin.bytes(), FIRST_PIN)) {
            throw new StartupException(Reason.WRONG_PIN, place() + "the PIN with which such cards are sold protects nothing; choose another.");
        }
        requireTries(SPARE_TRIES);
        byte[] both = Arrays.copyOf(FIRST_PIN, FIRST_PIN.length + pin.bytes().length);
        System.arraycopy(pin.bytes(), 0, both, FIRST_PIN.length, pin.bytes().length);
        try {
            secret(CHANGE, PIN_FOR_CHANGE, both);
        } finally {
            Arrays.fill(both, (byte) 0);
        }
        // If the card was not new, this is the PIN that its owner has chosen before.
        verify(pin, SPARE_TRIES);
    }

    /** @return the label; null if there is none, or something else in its place */
    CardLabel label() throws StartupException, IOException {
        return CardLabel.decode(publicData());
    }

    /** @return true if nothing is in the place of the label */
    boolean isBlank() throws StartupException, IOException {
        return publicData().length == 0;
    }

    private byte[] publicData() throws StartupException, IOException {
        byte[] answer = get(channel, PUBLIC_DATA);
        // Some cards say that an empty data object is not there.
        return StatusWord.of(answer) == StatusWord.OK ? data(answer) : new byte[0];
    }

    void writeLabel(CardLabel label) throws StartupException, IOException {
        put(PUBLIC_DATA, label.encode());
    }

    /**
     * Reads the share; the PIN was given.
     *
     * @throws StartupException WRONG_CARD if it is spoiled
     */
    Share share() throws StartupException, IOException {
        byte[] record = get(PROTECTED_DATA);
        try {
            Share share = Share.decode(record);
            if (share == null) {
                throw new StartupException(Reason.WRONG_CARD, place() + "its share of the storage key is spoiled; use another card of the set.");
            }
            return share;
        } finally {
            Arrays.fill(record, (byte) 0);
        }
    }

    /**
     * Writes share and label, and reads both back; the PIN was given.
     *
     * @throws StartupException FAILED if the card does not keep them
     */
    void write(Share share, CardLabel label) throws StartupException, IOException {
        byte[] record = share.encode();
        byte[] kept = null;
        try {
            put(PROTECTED_DATA, record);
            writeLabel(label);
            kept = get(PROTECTED_DATA);
            if (!MessageDigest.isEqual(record, kept) || !label.equals(label())) {
                throw new StartupException(Reason.FAILED, place() + "it does not keep what is written to it; take another card.");
            }
        } finally {
            Arrays.fill(record, (byte) 0);
            if (kept != null) {
                Arrays.fill(kept, (byte) 0);
            }
        }
    }

    /** @return the beginning of a message about this card */
    String place() {
        return "Card " + serial + " in reader " + reader + ": ";
    }

    private byte[] get(int tag) throws StartupException, IOException {
        byte[] answer = get(channel, tag);
        try {
            requireOk(answer, "read", tag);
            return data(answer);
        } finally {
            Arrays.fill(answer, (byte) 0);
        }
    }

    private void put(int tag, byte[] data) throws StartupException, IOException {
        requireOk(transmit(channel, CommandApdu.sending(0, PUT_DATA, tag, data)), "written", tag);
    }

    private void requireOk(byte[] answer, String done, int tag) throws StartupException {
        int status = StatusWord.of(answer);
        if (status != StatusWord.OK) {
            throw new StartupException(Reason.FAILED, String.format(Locale.ROOT,
                    "%sits data object %04X cannot be %s, status %04X; take another card.", place(), tag, done, status));
        }
    }

    /** Sends a PIN; the answer is a status word. */
    private int secret(int instruction, int p1p2, byte[] pin) throws IOException {
        return StatusWord.of(transmit(channel, CommandApdu.sending(0, instruction, p1p2, pin)));
    }

    private static byte[] data(byte[] answer) {
        return Arrays.copyOf(answer, answer.length - 2);
    }

    private static byte[] get(CardChannel channel, int tag) throws IOException {
        return transmit(channel, CommandApdu.expecting(0, GET_DATA, tag, 0));
    }

    /** The command is overwritten: it may hold a PIN or a share. */
    private static byte[] transmit(CardChannel channel, byte[] command) throws IOException {
        try {
            byte[] answer = channel.transmit(command);
            if (answer.length < 2) {
                throw new IOException("there is no status word");
            }
            return answer;
        } finally {
            Arrays.fill(command, (byte) 0);
        }
    }
}
