package org.calypsohsm.card;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;

/** Change Key, which shares its instruction with Change PIN. Source: calypso-card.md sections b, d and e. */
final class KeyCommands {

    private static final int CRYPTOGRAM = 32;
    private static final int PIN_REVISION_3 = 0xFF;
    private static final int PIN_REVISION_2 = 0x04;

    private KeyCommands() {
    }

    /** @return P2 of Change PIN */
    static int pinReference(CardProduct product) {
        return product.isRevision3() ? PIN_REVISION_3 : PIN_REVISION_2;
    }

    /** Change Key or Change PIN, by P2. */
    static byte[] change(CardState card, CommandApdu command) {
        int p2 = command.p2();
        int lc = command.lc();
        boolean key = p2 >= CardKeys.ISSUER && p2 <= CardKeys.PER_DIRECTORY;
        // Keyple sends the revision 3 form to every card, so all take it.
        boolean pin = (p2 == PIN_REVISION_3 || p2 == pinReference(card.product)) && card.pin != null;
        if (command.p1() != 0 || !key && !pin) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        boolean pinLength = lc == Pin.LENGTH || lc == PinCommands.CHANGE_CRYPTOGRAM;
        if (!pinLength && lc != CRYPTOGRAM) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        if (pin != pinLength) {
            throw new Refusal(CardStatus.LENGTH_AGAINST_P2);
        }
        if (card.session() != null) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        card.checkValid(card.directory());
        return pin ? PinCommands.change(card, command) : changeKey(card, command);
    }

    private static byte[] changeKey(CardState card, CommandApdu command) {
        Directory directory = card.directory();
        int index = command.p2();
        if (index != CardKeys.ISSUER) {
            card.checkLoaded(directory, CardKeys.ISSUER);
        }
        byte[] challenge = card.takeChallenge();
        byte[] cryptogram = Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + CRYPTOGRAM);
        CardKeys.NewKey newKey = card.keys.decipher(directory, index, challenge, cryptogram);
        if (newKey == null) {
            throw new Refusal(CardStatus.WRONG_CERTIFICATE);
        }
        try {
            if (!newKey.isConsistent()) {
                throw new Refusal(CardStatus.WRONG_DATA);
            }
            if (index == CardKeys.ISSUER && newKey.isNull() && isOtherLoaded(card.keys, directory)) {
                throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
            }
            card.keys.load(directory, index, newKey);
        } finally {
            newKey.destroy();
        }
        return CardStatus.response(CardStatus.OK);
    }

    /** With a null issuer key anybody could overwrite the others, so it is the last one to go. */
    private static boolean isOtherLoaded(CardKeys keys, Directory directory) {
        for (int index = CardKeys.ISSUER + 1; index <= CardKeys.PER_DIRECTORY; index++) {
            if (!keys.isNull(directory, index)) {
                return true;
            }
        }
        return false;
    }
}
