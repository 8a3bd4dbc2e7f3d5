package org.calypsohsm.card;

import org.calypsohsm.apdu.CommandApdu;

/** Invalidate and Rehabilitate the current DF. Source: calypso-card.md sections b, d and f. */
final class DirectoryCommands {

    private DirectoryCommands() {
    }

    static byte[] invalidate(CardState card, CommandApdu command) {
        return set(card, command, Directory.INVALIDATE, true);
    }

    static byte[] rehabilitate(CardState card, CommandApdu command) {
        return set(card, command, Directory.REHABILITATE, false);
    }

    private static byte[] set(CardState card, CommandApdu command, Access access, boolean invalidated) {
        if (command.p1p2() != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        RecordCommands.checkNoData(command);
        card.check(access, card.sessionKey());
        if (card.image().isInvalidated(card.directory()) == invalidated) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        card.modify(command.lc()).setInvalidated(card.directory(), invalidated);
        return CardStatus.response(CardStatus.OK);
    }
}
