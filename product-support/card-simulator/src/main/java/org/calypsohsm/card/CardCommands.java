package org.calypsohsm.card;

import java.nio.ByteBuffer;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;

/**
 * What a simple terminal must know to drive a card product, so that demos and benchmarks drive all of them in the same
 * way: the card's commands, and what goes to the SAM. Stateless, and safe for many threads.
 * Source: calypso-card.md sections b and c.
 *
 * <p>One session: SAM Get Challenge ({@link #certificateLength()} bytes); card {@link #openSession}; SAM Digest Init with
 * {@link #digestInit}; for each exchange with the card SAM Digest Update with {@link #digested} of the command, then with
 * the whole response; SAM Digest Close; card {@link #closeSession}; SAM Digest Authenticate with {@link #cardCertificate}.
 *
 * <p>One cryptogram: card {@link #getChallenge}; SAM Give Random with its answer; SAM Card Cipher PIN or Card Generate Key;
 * card {@link #verifyPin}, {@link #changePin} or {@link #changeKey} with the SAM's answer.
 *
 * <p>One stored value operation: card {@link #svGet}; SAM SV Prepare with {@link #svPrepare}; at once after SV Get, card
 * {@link #svCommand}; SAM SV Check with {@link #svSignature}, or in a session, after Digest Authenticate, with
 * {@link #postponedSvSignature}.
 */
public final class CardCommands {

    /** Key index of the issuer (personalization) key. */
    public static final int ISSUER = 1;
    /** Key index of the load key. */
    public static final int LOAD = 2;
    /** Key index of the debit key. */
    public static final int DEBIT = 3;

    /** SFI of the environment: 1 record. */
    public static final int SFI_ENVIRONMENT = 0x07;
    /** SFI of the events: cyclic, 3 records. */
    public static final int SFI_EVENTS = 0x08;
    /** SFI of the contracts: 4 records. */
    public static final int SFI_CONTRACTS = 0x09;
    /** SFI of the counters: 9 counters in 1 record. */
    public static final int SFI_COUNTERS = FileStructure.SFI_COUNTERS;
    /** SFI of the special events: 1 record. */
    public static final int SFI_SPECIAL_EVENTS = 0x1D;
    /** SFI of the contract list: 1 record. */
    public static final int SFI_CONTRACT_LIST = 0x1E;
    /** Length of a record in bytes. */
    public static final int RECORD_LENGTH = ElementaryFile.RECORD_LENGTH;

    private static final int HEADER_LENGTH = 5;
    private static final int STATUS_LENGTH = 2;
    private static final int PIN_CRYPTOGRAM = 8;
    private static final int NEW_PIN_CRYPTOGRAM = 16;
    private static final int KEY_CRYPTOGRAM = 32;
    /** INS, P1, P2, Le or Lc. */
    private static final int SV_HEADER = 4;
    private static final int MAX_SMALL_AMOUNT = 0x7FFF;
    private static final int MAX_AMOUNT = 0x7F_FFFF;
    private static final int[] CD97_SAM_RECORDS = {0x0C, 0x02, 0x0D};

    private final CardProduct product;
    private final OpenForm form;

    private CardCommands(CardProduct product, OpenForm form) {
        this.product = product;
        this.form = form;
    }

    /**
     * Chooses the commands for a product in its usual form: the one after selection by AID.
     *
     * @param product the card product
     * @return its commands
     */
    public static CardCommands of(CardProduct product) {
        return of(product, product.openForms().get(0));
    }

    /**
     * Chooses the commands for a product in one of its forms.
     *
     * @param product the card product
     * @param form    form of Open Secure Session
     * @return its commands
     * @throws IllegalArgumentException if the product does not accept the form
     */
    public static CardCommands of(CardProduct product, OpenForm form) {
        if (!product.openForms().contains(form)) {
            throw new IllegalArgumentException(product + " does not accept the form " + form + " of Open Secure Session.");
        }
        return new CardCommands(product, form);
    }

    /** @return the card product */
    public CardProduct product() {
        return product;
    }

    /** @return the form of Open Secure Session */
    public OpenForm form() {
        return form;
    }

    /** @return true if SAM Digest Init must choose the extended mode (P1 = 02) */
    public boolean isExtended() {
        return form.isExtended();
    }

    /** @return length of SAM challenge, terminal certificate and card certificate in bytes: 4 or 8 */
    public int certificateLength() {
        return form.certificateLength();
    }

    // --- commands for the card

    /** @return Select Application of the ticketing application */
    public byte[] selectApplication() {
        return withData(0x00, Instructions.SELECT, 0x04, 0x00, FileStructure.TICKETING.name(), true);
    }

    /**
     * Builds Open Secure Session.
     *
     * @param keyIndex     {@link #ISSUER}, {@link #LOAD} or {@link #DEBIT}
     * @param sfi          file to read in the answer; 0 with record 0 to read nothing
     * @param record       record to read in the answer, 0 to read nothing
     * @param samChallenge answer of SAM Get Challenge, {@link #certificateLength()} bytes, without status word
     * @return the command
     * @throws IllegalArgumentException if the challenge has another length
     */
    public byte[] openSession(int keyIndex, int sfi, int record, byte[] samChallenge) {
        checkLength("SAM challenge", samChallenge);
        int p1 = record << 3 | keyIndex;
        int p2 = sfi << 3;
        return switch (form) {
            case REVISION_1 -> command(Instructions.OPEN_SESSION, p1, p2, samChallenge, false);
            case REVISION_2_4 -> command(Instructions.OPEN_SESSION, 0x80 | p1, p2, samChallenge, false);
            case REVISION_3 -> command(Instructions.OPEN_SESSION, p1, p2 + 1, samChallenge, true);
            case REVISION_3_EXTENDED -> {
                byte[] data = new byte[1 + samChallenge.length];
                System.arraycopy(samChallenge, 0, data, 1, samChallenge.length);
                yield command(Instructions.OPEN_SESSION, p1, p2 + 2, data, true);
            }
        };
    }

    /**
     * Builds Read Records for one record.
     *
     * @param sfi    short file identifier
     * @param record record number from 1
     * @param length how many bytes to read, 1..29
     * @return the command
     */
    public byte[] readRecord(int sfi, int record, int length) {
        return withoutData(0xB2, record, sfi << 3 | 4, length);
    }

    /**
     * Builds Update Record.
     *
     * @param sfi    short file identifier
     * @param record record number from 1
     * @param data   1 to 29 bytes
     * @return the command
     */
    public byte[] updateRecord(int sfi, int record, byte[] data) {
        return command(0xDC, record, sfi << 3 | 4, data, false);
    }

    /**
     * Builds Append Record.
     *
     * @param sfi  short file identifier of a cyclic file
     * @param data 1 to 29 bytes
     * @return the command
     */
    public byte[] appendRecord(int sfi, byte[] data) {
        return command(0xE2, 0, sfi << 3, data, false);
    }

    /**
     * Builds Increase.
     *
     * @param sfi     short file identifier of a counters file
     * @param counter counter number from 1
     * @param amount  0..FFFFFF
     * @return the command; in a session a CD97 or CD21 answers it with 6200, see {@link #postponedCounter}
     */
    public byte[] increase(int sfi, int counter, int amount) {
        return counter(0x32, sfi, counter, amount);
    }

    /**
     * Builds Decrease.
     *
     * @param sfi     short file identifier of a counters file
     * @param counter counter number from 1
     * @param amount  0..FFFFFF
     * @return the command; in a session a CD97 or CD21 answers it with 6200, see {@link #postponedCounter}
     */
    public byte[] decrease(int sfi, int counter, int amount) {
        return counter(0x30, sfi, counter, amount);
    }

    private byte[] counter(int ins, int sfi, int counter, int amount) {
        byte[] data = {(byte) (amount >> 16), (byte) (amount >> 8), (byte) amount};
        return command(ins, counter, sfi << 3, data, product.isRevision3());
    }

    /**
     * Builds Close Secure Session.
     *
     * @param terminalCertificate answer of SAM Digest Close, without status word
     * @param ratify              true to ratify at once, false to ratify by the next command
     * @return the command
     * @throws IllegalArgumentException if the certificate has not {@link #certificateLength()} bytes
     */
    public byte[] closeSession(byte[] terminalCertificate, boolean ratify) {
        checkLength("terminal certificate", terminalCertificate);
        return command(Instructions.CLOSE_SESSION, ratify ? 0x80 : 0x00, 0x00, terminalCertificate, true);
    }

    /** @return the form of Close that drops the session */
    public byte[] abortSession() {
        return withoutData(Instructions.CLOSE_SESSION, 0, 0, 0);
    }

    /** @return a command that ratifies the session just closed; the card answers 6B00 */
    public byte[] ratification() {
        return withoutData(0xB2, 0, 0, 0);
    }

    /** @return Get Challenge; the answer is 8 bytes, for SAM Give Random */
    public byte[] getChallenge() {
        return withoutData(Instructions.GET_CHALLENGE, 0, 0, Instructions.CHALLENGE_LENGTH);
    }

    /** @return the form of Verify PIN that tells the tries: 9000 three, 63C2, 63C1, 6983 none */
    public byte[] readPinTries() {
        return withoutData(Instructions.VERIFY_PIN, 0, 0, 0);
    }

    /**
     * Builds Verify PIN.
     *
     * @param pin 4 bytes in plain, or the 8 bytes that SAM Card Cipher PIN (P1 = 80) made of the card's challenge and PIN
     *            with the debit key, in a session with the session's key
     * @return the command
     * @throws IllegalArgumentException if there are neither 4 nor 8 bytes
     */
    public byte[] verifyPin(byte[] pin) {
        if (pin.length != Pin.LENGTH && pin.length != PIN_CRYPTOGRAM) {
            throw new IllegalArgumentException("A PIN has 4 bytes, or 8 ciphered, not " + pin.length + ".");
        }
        return command(Instructions.VERIFY_PIN, 0, 0, pin, false);
    }

    /**
     * Builds Change PIN, for use outside sessions.
     *
     * @param pin 4 bytes in plain, after a right Verify PIN; or the 16 bytes that SAM Card Cipher PIN (P1 = 40) made of the
     *            card's challenge and the PINs with the issuer key
     * @return the command
     * @throws IllegalArgumentException if there are neither 4 nor 16 bytes
     */
    public byte[] changePin(byte[] pin) {
        if (pin.length != Pin.LENGTH && pin.length != NEW_PIN_CRYPTOGRAM) {
            throw new IllegalArgumentException("A new PIN has 4 bytes, or 16 ciphered, not " + pin.length + ".");
        }
        return command(Instructions.CHANGE, 0, KeyCommands.pinReference(product), pin, false);
    }

    /**
     * Builds Change Key, for use outside sessions.
     *
     * @param keyIndex   {@link #ISSUER}, {@link #LOAD} or {@link #DEBIT}
     * @param cryptogram answer of SAM Card Generate Key, 32 bytes, without status word
     * @return the command
     * @throws IllegalArgumentException if the cryptogram has another length, or there is no such key
     */
    public byte[] changeKey(int keyIndex, byte[] cryptogram) {
        checkKeyIndex(keyIndex);
        if (cryptogram.length != KEY_CRYPTOGRAM) {
            throw new IllegalArgumentException(
                    "The cryptogram of a key has " + KEY_CRYPTOGRAM + " bytes, not " + cryptogram.length + ".");
        }
        return command(Instructions.CHANGE, 0, keyIndex, cryptogram, false);
    }

    /** @return Invalidate, for a session with any key; the selected DF then answers 6283 to selection */
    public byte[] invalidate() {
        return withoutData(Instructions.INVALIDATE, 0, 0, 0);
    }

    /** @return Rehabilitate, for a session with the issuer key */
    public byte[] rehabilitate() {
        return withoutData(Instructions.REHABILITATE, 0, 0, 0);
    }

    // --- stored value

    /**
     * Builds SV Get.
     *
     * @param operation the operation that is to follow
     * @return the command
     */
    public byte[] svGet(StoredValueOperation operation) {
        boolean extended = product.isRevision3();
        byte[] apdu = withoutData(StoredValueOperation.SV_GET, extended ? 1 : 0, operation.getP2(),
                operation.getLength(extended));
        apdu[0] = (byte) svCla();
        return apdu;
    }

    /** Revision 1 and 2 have a class of its own for stored value. */
    private int svCla() {
        return product.isRevision3() ? product.cla() : Card.CLA_STORED_VALUE;
    }

    /**
     * Takes the balance from the answer to SV Get.
     *
     * @param getResponse response of the card, with status word
     * @return the balance, -800000..7FFFFF
     * @throws IllegalArgumentException if the card refused, or the response is too short
     */
    public int svBalance(byte[] getResponse) {
        checkSuccess("SV Get", getResponse);
        int at = product.isRevision3() ? 17 : 8;
        if (getResponse.length < at + 3 + STATUS_LENGTH) {
            throw new IllegalArgumentException("The answer to SV Get holds no balance.");
        }
        return getResponse[at] << 16 | (getResponse[at + 1] & 0xFF) << 8 | getResponse[at + 2] & 0xFF;
    }

    /**
     * Makes the data field of SAM SV Prepare ({@link StoredValueOperation#samInstruction()}, P1 = 01, P2 = FF).
     *
     * @param operation   the operation that {@link #svGet} was built for
     * @param getResponse response of the card to it, with status word
     * @param amount      for a reload -800000..7FFFFF, else 0..7FFF: how much to take or to give back
     * @param date        date for the card's log, 0..FFFF
     * @param time        time for the card's log, 0..FFFF
     * @return header of SV Get, the response, and the card command as far as the terminal knows it; a reload's two free
     *         bytes are zero
     * @throws IllegalArgumentException if the card refused, the response has a wrong length, or the amount is out of range
     */
    public byte[] svPrepare(StoredValueOperation operation, byte[] getResponse, int amount, int date, int time) {
        checkSuccess("SV Get", getResponse);
        boolean extended = product.isRevision3();
        int getLength = operation.getLength(extended);
        if (getResponse.length != getLength + STATUS_LENGTH) {
            throw new IllegalArgumentException(
                    "The answer to SV Get has " + getLength + " bytes, not " + (getResponse.length - STATUS_LENGTH) + ".");
        }
        boolean reload = operation == StoredValueOperation.RELOAD;
        int max = reload ? MAX_AMOUNT : MAX_SMALL_AMOUNT;
        int min = reload ? ~MAX_AMOUNT : 0;
        if (amount < min || amount > max) {
            throw new IllegalArgumentException("The amount is " + min + " to " + max + ", not " + amount + ".");
        }
        byte kvc = getResponse[extended ? 8 : 0];
        int signed = operation == StoredValueOperation.DEBIT ? -amount : amount;
        ByteBuffer data = ByteBuffer.allocate(svPrepareLength(operation));
        data.put(svGet(operation), 1, SV_HEADER).put(getResponse);
        data.put((byte) operation.ins).putShort((short) 0).put((byte) operation.lc(extended)).put((byte) 0);
        if (reload) {
            data.putShort((short) date).put((byte) 0).put(kvc).put((byte) 0);
            data.put((byte) (signed >> 16)).putShort((short) signed).putShort((short) time);
        } else {
            data.putShort((short) signed).putShort((short) date).putShort((short) time).put(kvc);
        }
        return data.array();
    }

    private int svPrepareLength(StoredValueOperation operation) {
        return SV_HEADER + operation.getLength(product.isRevision3()) + STATUS_LENGTH + SV_HEADER + operation.chosen;
    }

    /**
     * Makes the card command of a stored value operation.
     *
     * @param operation       the operation
     * @param prepareData     what {@link #svPrepare} made
     * @param samAnswer       answer of SAM SV Prepare without status word: challenge 3 bytes, transaction number 3,
     *                        signatureHi 5 (10 for revision 3)
     * @param samSerialNumber 4 bytes
     * @return the command; the card answers signatureLo, or 6200 in a session
     * @throws IllegalArgumentException if something has a wrong length
     */
    public byte[] svCommand(StoredValueOperation operation, byte[] prepareData, byte[] samAnswer, byte[] samSerialNumber) {
        boolean extended = product.isRevision3();
        int samLength = StoredValueOperation.SAM_CHALLENGE + StoredValueOperation.SAM_TRANSACTION_NUMBER
                + StoredValueOperation.terminalSignature(extended);
        checkLength("data of SV Prepare", prepareData, svPrepareLength(operation));
        checkLength("SAM's answer to SV Prepare", samAnswer, samLength);
        checkLength("SAM serial number", samSerialNumber, StoredValueOperation.SAM_SERIAL_NUMBER);
        ByteBuffer data = ByteBuffer.allocate(operation.lc(extended));
        data.put(samAnswer[2]).put(prepareData, prepareData.length - operation.chosen + 1, operation.chosen - 1);
        data.put(samSerialNumber);
        data.put(samAnswer, StoredValueOperation.SAM_CHALLENGE, samLength - StoredValueOperation.SAM_CHALLENGE);
        return withData(svCla(), operation.ins, samAnswer[0], samAnswer[1], data.array(), extended);
    }

    /**
     * Takes signatureLo from the answer to a stored value operation outside a session, for SAM SV Check.
     *
     * @param response response of the card, with status word
     * @return 3 bytes, 6 for revision 3
     * @throws IllegalArgumentException if the card refused, or the response has another length
     */
    public byte[] svSignature(byte[] response) {
        checkSuccess("the stored value operation", response);
        int length = StoredValueOperation.cardSignature(product.isRevision3());
        checkLength("answer to the stored value operation", response, length + STATUS_LENGTH);
        return Arrays.copyOf(response, length);
    }

    /**
     * Takes signatureLo from the answer to Close, for SAM SV Check.
     *
     * @param closeResponse response of the card, with status word
     * @param index         how many commands of the session were answered with 6200 before the stored value operation:
     *                      Increase and Decrease of a CD97 or CD21
     * @return 3 bytes, 6 for revision 3
     * @throws IllegalArgumentException if the card refused to close the session, or there is no such item
     */
    public byte[] postponedSvSignature(byte[] closeResponse, int index) {
        int length = StoredValueOperation.cardSignature(product.isRevision3());
        int at = postponed(closeResponse, index, length);
        return Arrays.copyOfRange(closeResponse, at, at + length);
    }

    // --- what goes to the SAM

    /**
     * Tells the KIF of a session key, as long as no other key was loaded in its place.
     *
     * @param keyIndex {@link #ISSUER}, {@link #LOAD} or {@link #DEBIT}
     * @return 0..FF
     * @throws IllegalArgumentException if there is no such key
     */
    public int kif(int keyIndex) {
        checkKeyIndex(keyIndex);
        return CardKeys.usualKif(FileStructure.TICKETING, keyIndex);
    }

    /** @return KVC of the session keys, 0..FF, as long as no other key was loaded in their place */
    public int kvc() {
        return product.kvc();
    }

    /**
     * Tells the SAM's work key record of a session key, for Digest Init in its revision 1 form (CD97 only).
     *
     * @param keyIndex {@link #ISSUER}, {@link #LOAD} or {@link #DEBIT}
     * @return record number, the P2 of Digest Init
     * @throws IllegalArgumentException if there is no such key
     */
    public int samKeyRecord(int keyIndex) {
        checkKeyIndex(keyIndex);
        return CD97_SAM_RECORDS[keyIndex - 1];
    }

    /**
     * Makes the data field of SAM Digest Init (P2 = FF).
     *
     * @param keyIndex     the key index that was given to {@link #openSession}
     * @param openResponse the card's response to it, with status word
     * @return KIF, KVC, then the response without status word
     * @throws IllegalArgumentException if the card refused to open the session, or there is no such key
     */
    public byte[] digestInit(int keyIndex, byte[] openResponse) {
        checkKeyIndex(keyIndex);
        checkSuccess("Open Secure Session", openResponse);
        int length = openResponse.length - 2;
        byte[] data = new byte[2 + length];
        System.arraycopy(openResponse, 0, data, 2, length);
        int keyAt = switch (form) {
            case REVISION_1, REVISION_2_4 -> -1;
            case REVISION_3 -> 5;
            case REVISION_3_EXTENDED -> 9;
        };
        data[0] = keyAt < 0 ? (byte) kif(keyIndex) : openResponse[keyAt];
        data[1] = switch (form) {
            case REVISION_1 -> (byte) kvc();
            case REVISION_2_4 -> openResponse[0];
            default -> openResponse[keyAt + 1];
        };
        return data;
    }

    /**
     * Makes what SAM Digest Update takes of a command: all but the Le behind a data field (rule CL-C4-MAC.1).
     * Responses go to the SAM as they are, with status word.
     *
     * @param command a command of the card
     * @return the bytes to digest; the same array where nothing is to be left out
     */
    public static byte[] digested(byte[] command) {
        CommandApdu view = CommandApdu.of(command);
        return view.lc() > 0 && view.le() >= 0 ? Arrays.copyOf(command, command.length - 1) : command;
    }

    /**
     * Takes the card's certificate from the answer to Close, for SAM Digest Authenticate.
     *
     * @param closeResponse response of the card, with status word
     * @return {@link #certificateLength()} bytes
     * @throws IllegalArgumentException if the card refused to close the session, or the response is too short
     */
    public byte[] cardCertificate(byte[] closeResponse) {
        checkSuccess("Close Secure Session", closeResponse);
        int end = closeResponse.length - 2;
        if (end < certificateLength()) {
            throw new IllegalArgumentException("The answer to Close Secure Session holds no certificate.");
        }
        return Arrays.copyOfRange(closeResponse, end - certificateLength(), end);
    }

    /**
     * Takes a postponed counter value from the answer to Close.
     *
     * @param closeResponse response of the card, with status word
     * @param index         how many commands of the session were answered with 6200 before this one
     * @return the counter's new value, 0..FFFFFF
     * @throws IllegalArgumentException if the card refused to close the session, or there is no such value
     */
    public int postponedCounter(byte[] closeResponse, int index) {
        int at = postponed(closeResponse, index, ElementaryFile.COUNTER_LENGTH);
        return (closeResponse[at] & 0xFF) << 16 | (closeResponse[at + 1] & 0xFF) << 8 | closeResponse[at + 2] & 0xFF;
    }

    /** Finds a postponed item in the answer to Close: within one product all items have the same length. */
    private int postponed(byte[] closeResponse, int index, int length) {
        checkSuccess("Close Secure Session", closeResponse);
        int item = 1 + length;
        int at = index * item;
        if (index < 0 || index > closeResponse.length || at + item > closeResponse.length - STATUS_LENGTH - certificateLength()
                || closeResponse[at] != item) {
            throw new IllegalArgumentException(
                    "The answer to Close Secure Session holds no item " + index + " of " + length + " bytes.");
        }
        return at + 1;
    }

    // --- building

    private byte[] command(int ins, int p1, int p2, byte[] data, boolean le) {
        return withData(product.cla(), ins, p1, p2, data, le);
    }

    private static byte[] withData(int cla, int ins, int p1, int p2, byte[] data, boolean le) {
        byte[] apdu = new byte[HEADER_LENGTH + data.length + (le ? 1 : 0)];
        header(apdu, cla, ins, p1, p2, data.length);
        System.arraycopy(data, 0, apdu, HEADER_LENGTH, data.length);
        return apdu;
    }

    private byte[] withoutData(int ins, int p1, int p2, int le) {
        byte[] apdu = new byte[HEADER_LENGTH];
        header(apdu, product.cla(), ins, p1, p2, le);
        return apdu;
    }

    private static void header(byte[] apdu, int cla, int ins, int p1, int p2, int p3) {
        apdu[0] = (byte) cla;
        apdu[1] = (byte) ins;
        apdu[2] = (byte) p1;
        apdu[3] = (byte) p2;
        apdu[4] = (byte) p3;
    }

    private void checkLength(String what, byte[] bytes) {
        checkLength(what, bytes, certificateLength());
    }

    private static void checkLength(String what, byte[] bytes, int length) {
        if (bytes.length != length) {
            throw new IllegalArgumentException("The " + what + " has " + length + " bytes, not " + bytes.length + ".");
        }
    }

    private static void checkKeyIndex(int keyIndex) {
        if (keyIndex < ISSUER || keyIndex > DEBIT) {
            throw new IllegalArgumentException("The key index is 1, 2 or 3, not " + keyIndex + ".");
        }
    }

    private static void checkSuccess(String what, byte[] response) {
        if (StatusWord.of(response) != StatusWord.OK) {
            throw new IllegalArgumentException(
                    String.format("The card answered %s with %04X.", what, StatusWord.of(response)));
        }
    }
}
