package org.calypsohsm.card;

import org.calypsohsm.apdu.CommandApdu;

/** One command of the card. */
@FunctionalInterface
interface CommandHandler {

    /**
     * Runs the command.
     *
     * @param card    the card
     * @param command a well-formed command with a class and a length that the card accepts
     * @return the response
     * @throws Refusal with the status word if the card refuses it
     */
    byte[] run(CardState card, CommandApdu command);
}
