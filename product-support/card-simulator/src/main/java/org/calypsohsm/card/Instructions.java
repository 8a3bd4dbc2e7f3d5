package org.calypsohsm.card;

import org.calypsohsm.apdu.CommandApdu;

/** Which instruction runs which command. Source: calypso-card.md section b. */
final class Instructions {

    static final int SELECT = 0xA4;
    static final int OPEN_SESSION = 0x8A;
    static final int CLOSE_SESSION = 0x8E;
    static final int MANAGE_SESSION = 0x82;
    static final int GET_RESPONSE = 0xC0;
    static final int GET_CHALLENGE = 0x84;
    static final int VERIFY_PIN = 0x20;
    /** Change Key and Change PIN. */
    static final int CHANGE = 0xD8;
    static final int INVALIDATE = 0x04;
    static final int REHABILITATE = 0x44;

    static final int CHALLENGE_LENGTH = 8;
    private static final CommandHandler[] ALL_REVISIONS = new CommandHandler[256];
    private static final CommandHandler[] REVISION_3 = new CommandHandler[256];

    static {
        ALL_REVISIONS[SELECT] = SelectionCommands::select;
        ALL_REVISIONS[0xCA] = SelectionCommands::getData;
        ALL_REVISIONS[GET_RESPONSE] = Instructions::getResponse;
        ALL_REVISIONS[GET_CHALLENGE] = Instructions::getChallenge;
        ALL_REVISIONS[0xB2] = RecordCommands::read;
        ALL_REVISIONS[0xDC] = RecordCommands::update;
        ALL_REVISIONS[0xD2] = RecordCommands::write;
        ALL_REVISIONS[0xE2] = RecordCommands::append;
        ALL_REVISIONS[0xB0] = RecordCommands::binary;
        ALL_REVISIONS[0xD6] = RecordCommands::binary;
        ALL_REVISIONS[0xD0] = RecordCommands::binary;
        ALL_REVISIONS[0x30] = CounterCommands::decrease;
        ALL_REVISIONS[0x32] = CounterCommands::increase;
        ALL_REVISIONS[VERIFY_PIN] = PinCommands::verify;
        ALL_REVISIONS[CHANGE] = KeyCommands::change;
        ALL_REVISIONS[INVALIDATE] = DirectoryCommands::invalidate;
        ALL_REVISIONS[REHABILITATE] = DirectoryCommands::rehabilitate;
        ALL_REVISIONS[StoredValueOperation.SV_GET] = StoredValueCommands::get;
        ALL_REVISIONS[StoredValueOperation.RELOAD.ins] = StoredValueCommands::reload;
        ALL_REVISIONS[StoredValueOperation.DEBIT.ins] = StoredValueCommands::debit;
        ALL_REVISIONS[StoredValueOperation.UNDEBIT.ins] = StoredValueCommands::undebit;
        ALL_REVISIONS[OPEN_SESSION] = SessionCommands::open;
        ALL_REVISIONS[CLOSE_SESSION] = SessionCommands::close;
        System.arraycopy(ALL_REVISIONS, 0, REVISION_3, 0, ALL_REVISIONS.length);
        REVISION_3[0xB3] = RecordCommands::readMultiple;
        REVISION_3[0x38] = CounterCommands::decreaseMultiple;
        REVISION_3[0x3A] = CounterCommands::increaseMultiple;
        REVISION_3[MANAGE_SESSION] = SessionCommands::manage;
    }

    private Instructions() {
    }

    /** @return the command, or null if the card doesn't know the instruction */
    static CommandHandler handler(CardState card, int ins) {
        if (ins == VERIFY_PIN && card.pin == null || isStoredValue(ins) && !card.storedValue) {
            return null;
        }
        return card.product.isRevision3() ? REVISION_3[ins] : ALL_REVISIONS[ins];
    }

    /** @return true for SV Get, Reload, Debit and Undebit, which have their own class on revision 1 and 2 */
    static boolean isStoredValue(int ins) {
        return ins == StoredValueOperation.SV_GET || ins == StoredValueOperation.RELOAD.ins
                || ins == StoredValueOperation.DEBIT.ins || ins == StoredValueOperation.UNDEBIT.ins;
    }

    private static byte[] getChallenge(CardState card, CommandApdu command) {
        if (command.p1p2() != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        RecordCommands.checkNoData(command);
        if (command.le() > 0 && command.le() != CHALLENGE_LENGTH) {
            throw new Refusal(CardStatus.WRONG_LE | CHALLENGE_LENGTH);
        }
        return CardStatus.response(card.newChallenge(CHALLENGE_LENGTH), CardStatus.OK);
    }

    /** Responses are always sent at once, so none is ever waiting. */
    private static byte[] getResponse(CardState card, CommandApdu command) {
        throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
    }
}
