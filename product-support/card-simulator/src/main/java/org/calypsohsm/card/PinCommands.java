package org.calypsohsm.card;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;

/** Verify PIN and Change PIN, plain and ciphered. Source: calypso-card.md sections b, d and e. */
final class PinCommands {

    static final int CHANGE_CRYPTOGRAM = 16;

    private static final int VERIFY_CRYPTOGRAM = 8;

    private PinCommands() {
    }

    /** Verify PIN; without data it tells the tries that are left. */
    static byte[] verify(CardState card, CommandApdu command) {
        if (command.p1p2() != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        Pin pin = card.pin;
        if (command.lc() == 0) {
            return CardStatus.response(triesStatus(pin));
        }
        if (command.lc() != Pin.LENGTH && command.lc() != VERIFY_CRYPTOGRAM) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        card.checkValid(card.directory());
        if (pin.tries() == 0) {
            throw new Refusal(CardStatus.BLOCKED);
        }
        byte[] data = Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + command.lc());
        if (command.lc() == VERIFY_CRYPTOGRAM) {
            int key = card.session() == null ? CardKeys.DEBIT : card.sessionKey();
            card.checkLoaded(card.directory(), key);
            byte[] challenge = card.takeChallenge();
            data = card.keys.key(card.directory(), key).decipherPin(challenge, data);
        }
        pin.present(data);
        return CardStatus.response(triesStatus(pin));
    }

    private static int triesStatus(Pin pin) {
        return switch (pin.tries()) {
            case 0 -> CardStatus.BLOCKED;
            case Pin.MAX_TRIES -> CardStatus.OK;
            default -> CardStatus.WRONG_PIN | pin.tries();
        };
    }

    /**
     * Change PIN. In plain the right to it comes from the old PIN, ciphered it comes from the issuer key. A ciphered current
     * PIN may be zeros, as terminals give it for a forgotten or blocked one. It is looked at all the same: in the AES
     * cryptogram nothing else depends on the challenge in a way that the card could check.
     */
    static byte[] change(CardState card, CommandApdu command) {
        byte[] data = Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + command.lc());
        if (command.lc() == Pin.LENGTH) {
            if (!card.pin.isVerified()) {
                throw new Refusal(CardStatus.SECURITY_NOT_FULFILLED);
            }
            card.pin.change(data);
        } else {
            card.checkLoaded(card.directory(), CardKeys.ISSUER);
            byte[] challenge = card.takeChallenge();
            byte[] pins = card.keys.key(card.directory(), CardKeys.ISSUER).decipherNewPin(challenge, data);
            if (pins == null || !isCurrent(card.pin, Arrays.copyOfRange(pins, Pin.LENGTH, pins.length))) {
                throw new Refusal(CardStatus.WRONG_CERTIFICATE);
            }
            card.pin.change(Arrays.copyOf(pins, Pin.LENGTH));
        }
        return CardStatus.response(CardStatus.OK);
    }

    private static boolean isCurrent(Pin pin, byte[] current) {
        return pin.isSameAs(current) || Arrays.equals(current, new byte[Pin.LENGTH]);
    }
}
