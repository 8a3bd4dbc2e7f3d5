package org.calypsohsm.card;

import java.util.Arrays;
import java.util.HexFormat;

import org.calypsohsm.apdu.CommandApdu;

/**
 * A software portable object (card) in a reader's field: it answers APDUs as its product does, but under public test keys
 * and the project's reference profiles. It is a simulator, not a certified or secure card. One thread at a time.
 * Source: calypso-card.md.
 */
public final class Card {

    private static final int CLA_ISO = 0x00;
    /** Class of stored value commands of revision 1 and 2. */
    static final int CLA_STORED_VALUE = 0xFA;
    private static final int HEADER_LENGTH = 4;
    private static final byte[] ATR_BEGIN = {0x3B, (byte) 0x8F, (byte) 0x80, 0x01, (byte) 0x80, 0x5A};
    private static final int ATR_LENGTH = 20;
    private static final int ATR_STARTUP = 6;
    private static final int ATR_SERIAL = 12;
    private static final int ATR_STATUS = 16;

    private final CardState state;

    Card(CardState state) {
        this.state = state;
    }

    /**
     * Begins to make cards.
     *
     * @param product the card product
     * @return a builder with defaults for everything
     */
    public static CardBuilder builder(CardProduct product) {
        return new CardBuilder(product);
    }

    /** @return the card product */
    public CardProduct product() {
        return state.product;
    }

    /** @return the serial number: 8 bytes, a new array; it is the diversifier of the card's keys */
    public byte[] serialNumber() {
        return state.serialNumber.clone();
    }

    /**
     * Gives the answer to reset in the revision 1 format (calypso-card.md section a).
     *
     * @return 20 bytes; they show the low 4 bytes of the serial number
     */
    public byte[] powerOnData() {
        byte[] atr = Arrays.copyOf(ATR_BEGIN, ATR_LENGTH);
        System.arraycopy(state.startup, 1, atr, ATR_STARTUP, ATR_SERIAL - ATR_STARTUP);
        System.arraycopy(state.serialNumber, 4, atr, ATR_SERIAL, 4);
        atr[ATR_STATUS] = (byte) 0x82;
        atr[ATR_STATUS + 1] = (byte) (CardStatus.OK >> 8);
        byte check = 0;
        for (int i = 1; i < ATR_LENGTH - 1; i++) {
            check ^= atr[i];
        }
        atr[ATR_LENGTH - 1] = check;
        return atr;
    }

    /** Takes the field away and gives it back, at any moment: a session that is open is lost with all its changes. */
    public void reset() {
        state.reset();
    }

    /**
     * Deselects the card in good order. Unlike {@link #reset()} it ratifies the session that was just closed, for the
     * products that do so: CD97 and the AES extension (calypso-card.md section c).
     */
    public void deselect() {
        state.ratifyByDeselection();
        state.reset();
    }

    /**
     * Answers a command. Whatever the bytes are, there is an answer and never an exception.
     *
     * @param apdu command APDU with short lengths; neither kept nor changed
     * @return response APDU: data, then the status word; a new array of at least 2 bytes
     */
    public byte[] transmit(byte[] apdu) {
        if (apdu.length < HEADER_LENGTH) {
            return CardStatus.response(CardStatus.WRONG_LENGTH);
        }
        state.beginCommand();
        // A card on T=0 always sees P3, and terminals digest it.
        byte[] bytes = apdu.length == HEADER_LENGTH ? Arrays.copyOf(apdu, HEADER_LENGTH + 1) : apdu;
        CommandApdu command = CommandApdu.of(bytes);
        SecureSession session = state.session();
        if (session == null || !isDigested(command)) {
            return answer(command);
        }
        byte[] clear = session.takeCommand(bytes, command.dataOffset() + command.lc());
        return session.takeResponse(answer(CommandApdu.of(clear)));
    }

    /** Section c, rule 4: all but the commands on the session itself and a new selection. What is no APDU can't be digested. */
    private boolean isDigested(CommandApdu command) {
        return isLengthAccepted(command) && switch (command.ins()) {
            case Instructions.CLOSE_SESSION, Instructions.MANAGE_SESSION -> false;
            case Instructions.SELECT -> !SelectionCommands.isApplicationSelection(command);
            default -> true;
        };
    }

    private byte[] answer(CommandApdu command) {
        if (!isClassAccepted(command)) {
            return CardStatus.response(CardStatus.CLASS_NOT_SUPPORTED);
        }
        CommandHandler handler = Instructions.handler(state, command.ins());
        if (handler == null) {
            return CardStatus.response(CardStatus.UNKNOWN_INSTRUCTION);
        }
        if (!isLengthAccepted(command)) {
            return CardStatus.response(CardStatus.WRONG_LENGTH);
        }
        try {
            return handler.run(state, command);
        } catch (Refusal e) {
            return CardStatus.response(e.statusWord());
        }
    }

    private boolean isLengthAccepted(CommandApdu command) {
        return command.isWellFormed() && command.lc() <= state.product.payloadCapacity();
    }

    private boolean isClassAccepted(CommandApdu command) {
        int cla = command.cla();
        if (Instructions.isStoredValue(command.ins()) && !state.product.isRevision3()) {
            return cla == CLA_STORED_VALUE;
        }
        return cla == state.product.cla() || cla == CLA_ISO && (command.ins() == Instructions.GET_RESPONSE
                || command.ins() == Instructions.SELECT && SelectionCommands.isApplicationSelection(command));
    }

    // --- what tests and demos look at, past all access conditions

    /** @return true if a secure session is open */
    public boolean isSessionOpen() {
        return state.session() != null;
    }

    /** @return true if the last closed session was ratified, or no session was closed yet */
    public boolean isRatified() {
        return state.isRatified();
    }

    /** @return number of sessions that can still be opened, 0..FFFFFF */
    public int transactionCounter() {
        return state.transactionCounter();
    }

    /**
     * Shows a record of the ticketing DF as it is stored, without what an open session has changed.
     *
     * @param sfi    short file identifier
     * @param record record number from 1
     * @return 29 bytes, a new array
     * @throws IllegalArgumentException if there is no such file or record
     */
    public byte[] record(int sfi, int record) {
        ElementaryFile file = CardBuilder.ticketingFile(sfi, record);
        return state.persistentImage().record(file, record);
    }

    /**
     * Shows a counter of the ticketing DF as it is stored.
     *
     * @param counter counter number, 1..9
     * @return its value, 0..FFFFFF
     * @throws IllegalArgumentException if there is no such counter
     */
    public int counter(int counter) {
        return state.persistentImage().counter(CardBuilder.countersFile(counter), counter);
    }

    /**
     * Shows all stored contents, to compare them: a session that is not closed changes none of these bytes.
     * The PIN and its tries are not among them, since no session protects them.
     *
     * @return DF status bytes, all records, and the stored value (balance, transaction number, last signature), a new array
     */
    public byte[] contents() {
        return state.persistentImage().toBytes();
    }

    /** @return true if the ticketing DF is invalidated, as it is stored */
    public boolean isInvalidated() {
        return state.persistentImage().isInvalidated(FileStructure.TICKETING);
    }

    /** @return balance of the stored value as it is stored, -800000..7FFFFF; 0 on a card without */
    public int balance() {
        return state.persistentImage().balance();
    }

    /** @return number of the next stored value operation as it is stored, 0..FFFF; from FFFE on none is possible */
    public int storedValueTransactionNumber() {
        return state.persistentImage().storedValueTransactionNumber();
    }

    /** @return how many wrong presentations of the PIN are left, 0..3; 0 on a card without PIN */
    public int pinTries() {
        return state.pin == null ? 0 : state.pin.tries();
    }

    @Override
    public String toString() {
        return String.format("%s card %s", state.product, HexFormat.of().formatHex(state.serialNumber));
    }
}
