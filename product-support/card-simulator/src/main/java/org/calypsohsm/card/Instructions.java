package org.calypsohsm.card;

import org.calypsohsm.apdu.CommandApdu;

/** Which instruction runs which command. Source: calypso-card.md section b. */
final class Instructions {

    static final int SELECT = 0xA4;
    static final int OPEN_SESSION = 0x8A;
    static final int CLOSE_SESSION = 0x8E;
    static final int MANAGE_SESSION = 0x82;
    static final int GET_RESPONSE = 0xC0;

    private static final int CHALLENGE_LENGTH = 8;
    private static final CommandHandler[] ALL_REVISIONS = new CommandHandler[256];
    private static final CommandHandler[] REVISION_3 = new CommandHandler[256];

    static {
        ALL_REVISIONS[SELECT] = SelectionCommands::select;
        ALL_REVISIONS[0xCA] = SelectionCommands::getData;
        ALL_REVISIONS[GET_RESPONSE] = Instructions::getResponse;
        ALL_REVISIONS[0x84] = Instructions::getChallenge;
        ALL_REVISIONS[0xB2] = RecordCommands::read;
        ALL_REVISIONS[0xDC] = RecordCommands::update;
        ALL_REVISIONS[0xD2] = RecordCommands::write;
        ALL_REVISIONS[0xE2] = RecordCommands::append;
        ALL_REVISIONS[0xB0] = RecordCommands::binary;
        ALL_REVISIONS[0xD6] = RecordCommands::binary;
        ALL_REVISIONS[0xD0] = RecordCommands::binary;
        ALL_REVISIONS[0x30] = CounterCommands::decrease;
        ALL_REVISIONS[0x32] = CounterCommands::increase;
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

    /** @return the command, or null if the product doesn't know the instruction */
    static CommandHandler handler(CardProduct product, int ins) {
        return product.isRevision3() ? REVISION_3[ins] : ALL_REVISIONS[ins];
    }

    /** @return true for SV Get, Reload, Debit and Undebit, which have their own class on revision 1 and 2 */
    static boolean isStoredValue(int ins) {
        return ins == 0x7C || ins == 0xB8 || ins == 0xBA || ins == 0xBC;
    }

    private static byte[] getChallenge(CardState card, CommandApdu command) {
        if (command.p1p2() != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        RecordCommands.checkNoData(command);
        if (command.le() > 0 && command.le() != CHALLENGE_LENGTH) {
            throw new Refusal(CardStatus.WRONG_LE | CHALLENGE_LENGTH);
        }
        return CardStatus.response(card.randomBytes(CHALLENGE_LENGTH), CardStatus.OK);
    }

    /** Responses are always sent at once, so none is ever waiting. */
    private static byte[] getResponse(CardState card, CommandApdu command) {
        throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
    }
}
