package org.calypsohsm.card;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.profile.ReferenceKey;

/** SV Get, Reload, Debit and Undebit. Source: calypso-card.md section e, security-profiles.md "Stored value". */
final class StoredValueCommands {

    private static final Directory DIRECTORY = FileStructure.STORED_VALUE;
    private static final ElementaryFile RELOAD_LOG = DIRECTORY.bySfi(0x14);
    private static final ElementaryFile DEBIT_LOG = DIRECTORY.bySfi(0x15);
    private static final int RELOAD_LOG_LENGTH = 22;
    private static final int DEBIT_LOG_LENGTH = 19;
    private static final int CHALLENGE = 2;
    private static final int CHALLENGE_EXTENDED = 8;
    private static final int LAST_TRANSACTION_NUMBER = 0xFFFD;
    private static final int MAX_BALANCE = 0x7F_FFFF;
    private static final int MAX_SMALL_AMOUNT = 0x7FFF;
    /** Where things lie in the data field of Reload. */
    private static final int RELOAD_KVC = 4;
    private static final int RELOAD_AMOUNT = 6;
    /** Where things lie in the data field of Debit and Undebit. */
    private static final int DEBIT_AMOUNT = 1;
    private static final int DEBIT_KVC = 7;

    private StoredValueCommands() {
    }

    /** What SV Get answered: header and response, which the next operation's signatures cover. */
    record Offer(int p2, byte[] exchange) {
    }

    static byte[] get(CardState card, CommandApdu command) {
        boolean extended = card.product.isRevision3();
        StoredValueOperation operation = StoredValueOperation.ofGet(command.p2());
        if (operation == null || command.p1() != (extended ? 1 : 0)) {
            throw new Refusal(CardStatus.WRONG_KEY_INDEX);
        }
        RecordCommands.checkNoData(command);
        int length = operation.getLength(extended);
        if (command.le() > 0 && command.le() != length) {
            throw new Refusal(CardStatus.WRONG_LE | length);
        }
        // It would show a signature that the session has not confirmed yet. Without SV Get no second operation can follow.
        if (card.session() != null && card.session().isStoredValueChanged()) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        card.checkLoaded(DIRECTORY, operation.key);

        ByteArrayOutputStream out = new ByteArrayOutputStream(80);
        out.write(StoredValueOperation.SV_GET);
        out.write(command.p1());
        out.write(command.p2());
        out.write(Math.max(command.le(), 0));
        int header = out.size();
        FileImage image = card.image();
        int kvc = card.keys.kvc(DIRECTORY, operation.key);
        if (extended) {
            out.writeBytes(card.randomBytes(CHALLENGE_EXTENDED));
        }
        out.write(kvc);
        writeShort(out, image.storedValueTransactionNumber());
        out.writeBytes(image.storedValueSignature(StoredValueOperation.cardSignature(extended)));
        if (!extended) {
            out.writeBytes(card.randomBytes(CHALLENGE));
        }
        writeTriple(out, image.balance());
        if (extended || operation == StoredValueOperation.RELOAD) {
            out.write(image.record(RELOAD_LOG, 1), 0, RELOAD_LOG_LENGTH);
        }
        if (extended || operation == StoredValueOperation.DEBIT) {
            out.write(image.record(DEBIT_LOG, 1), 0, DEBIT_LOG_LENGTH);
        }
        writeShort(out, CardStatus.OK);
        byte[] exchange = out.toByteArray();
        card.offerStoredValue(new Offer(command.p2(), exchange));
        return Arrays.copyOfRange(exchange, header, exchange.length);
    }

    static byte[] reload(CardState card, CommandApdu command) {
        return operate(card, command, StoredValueOperation.RELOAD);
    }

    static byte[] debit(CardState card, CommandApdu command) {
        return operate(card, command, StoredValueOperation.DEBIT);
    }

    static byte[] undebit(CardState card, CommandApdu command) {
        return operate(card, command, StoredValueOperation.UNDEBIT);
    }

    private static byte[] operate(CardState card, CommandApdu command, StoredValueOperation operation) {
        boolean extended = card.product.isRevision3();
        if (command.lc() != operation.lc(extended)) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        Offer offer = card.storedValueOffer();
        if (offer == null || offer.p2() != operation.getP2()) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        card.checkValid(DIRECTORY);
        int transactionNumber = card.image().storedValueTransactionNumber();
        if (transactionNumber > LAST_TRANSACTION_NUMBER) {
            throw new Refusal(CardStatus.TRANSACTION_COUNTER_ZERO);
        }
        byte[] data = Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + command.lc());
        checkKvc(card, operation, data);
        int balance = newBalance(card.image().balance(), operation, data);
        byte[] signature = sign(card, command, operation, offer, data, extended);

        FileImage image = card.modify(command.lc());
        image.setStoredValue(balance, transactionNumber + 1, signature);
        if (operation == StoredValueOperation.RELOAD) {
            image.append(RELOAD_LOG, reloadLog(data, balance, transactionNumber), 0, RELOAD_LOG_LENGTH);
        } else {
            image.append(DEBIT_LOG, debitLog(data, balance, transactionNumber), 0, DEBIT_LOG_LENGTH);
        }
        if (card.session() == null) {
            return CardStatus.response(signature, CardStatus.OK);
        }
        card.session().setStoredValueChanged();
        card.session().postpone(signature);
        return CardStatus.response(CardStatus.POSTPONED);
    }

    private static void checkKvc(CardState card, StoredValueOperation operation, byte[] data) {
        int at = operation == StoredValueOperation.RELOAD ? RELOAD_KVC : DEBIT_KVC;
        if ((data[at] & 0xFF) != card.keys.kvc(DIRECTORY, operation.key)) {
            throw new Refusal(CardStatus.WRONG_DATA);
        }
    }

    private static int newBalance(int balance, StoredValueOperation operation, byte[] data) {
        int at = operation == StoredValueOperation.RELOAD ? RELOAD_AMOUNT : DEBIT_AMOUNT;
        int amount = data[at];
        for (int i = 1; i < operation.amountLength; i++) {
            amount = amount << 8 | data[at + i] & 0xFF;
        }
        boolean allowed = switch (operation) {
            case RELOAD -> true;
            case DEBIT -> amount <= 0 && amount >= -MAX_SMALL_AMOUNT;
            case UNDEBIT -> amount >= 0;
        };
        int sum = balance + amount;
        if (!allowed || sum > MAX_BALANCE || sum < ~MAX_BALANCE) {
            throw new Refusal(CardStatus.WRONG_DATA);
        }
        return sum;
    }

    /**
     * Checks the terminal's signature over what SAM SV Prepare was given: SV Get with its answer, and the command as it
     * was before the SAM filled it.
     *
     * @return signatureLo
     * @throws Refusal 6988 if signatureHi is wrong
     */
    private static byte[] sign(CardState card, CommandApdu command, StoredValueOperation operation, Offer offer, byte[] data,
            boolean extended) {
        ByteArrayOutputStream signed = new ByteArrayOutputStream(96);
        signed.writeBytes(offer.exchange());
        signed.write(command.ins());
        signed.write(0);
        signed.write(0);
        signed.write(command.lc());
        signed.write(0);
        signed.write(data, 1, operation.chosen - 1);
        byte[] samChallenge = {(byte) command.p1(), (byte) command.p2(), data[0]};
        int at = operation.chosen;
        byte[] samSerial = Arrays.copyOfRange(data, at, at += StoredValueOperation.SAM_SERIAL_NUMBER);
        byte[] samNumber = Arrays.copyOfRange(data, at, at += StoredValueOperation.SAM_TRANSACTION_NUMBER);
        byte[] signatureHi = Arrays.copyOfRange(data, at, at + StoredValueOperation.terminalSignature(extended));
        ReferenceKey key = card.keys.key(DIRECTORY, operation.key);
        byte[] operationData = signed.toByteArray();
        if (!MessageDigest.isEqual(signatureHi,
                key.storedValueTerminalMac(operationData, samChallenge, samNumber, samSerial))) {
            throw new Refusal(CardStatus.WRONG_CERTIFICATE);
        }
        return key.storedValueCardMac(operationData, samChallenge, samNumber, samSerial, signatureHi);
    }

    /** Date, free byte, KVC, free byte; balance; amount, time, SAM number and transaction number; own transaction number. */
    private static byte[] reloadLog(byte[] data, int balance, int transactionNumber) {
        ByteArrayOutputStream log = new ByteArrayOutputStream(RELOAD_LOG_LENGTH);
        log.write(data, 1, RELOAD_AMOUNT - 1);
        writeTriple(log, balance);
        log.write(data, RELOAD_AMOUNT, StoredValueOperation.RELOAD.chosen - RELOAD_AMOUNT + samPart());
        writeShort(log, transactionNumber);
        return log.toByteArray();
    }

    /** Amount, date, time, KVC, SAM number and transaction number; balance; own transaction number. */
    private static byte[] debitLog(byte[] data, int balance, int transactionNumber) {
        ByteArrayOutputStream log = new ByteArrayOutputStream(DEBIT_LOG_LENGTH);
        log.write(data, 1, StoredValueOperation.DEBIT.chosen - 1 + samPart());
        writeTriple(log, balance);
        writeShort(log, transactionNumber);
        return log.toByteArray();
    }

    private static int samPart() {
        return StoredValueOperation.SAM_SERIAL_NUMBER + StoredValueOperation.SAM_TRANSACTION_NUMBER;
    }

    private static void writeShort(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }

    private static void writeTriple(ByteArrayOutputStream out, int value) {
        out.write(value >> 16);
        writeShort(out, value);
    }
}
