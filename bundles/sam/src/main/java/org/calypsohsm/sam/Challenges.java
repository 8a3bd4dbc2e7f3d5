package org.calypsohsm.sam;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ChannelState;

/**
 * What a SAM remembers between sessions: the selected diversifier and the challenges, with the three commands that set
 * them: Select Diversifier, Get Challenge, Give Random. Source: sam-s1-apdu.md sections 5.1 to 5.3 and 7.
 */
final class Challenges {

    private static final int SHORT = 4;
    private static final int LONG = 8;

    private byte[] diversifier;
    private byte[] outgoing;
    private byte[] incoming;

    Challenges(ChannelState state) {
        diversifier = copy(state.diversifier());
        outgoing = copy(state.outgoingChallenge());
        incoming = copy(state.incomingChallenge());
    }

    private static byte[] copy(byte[] bytes) {
        return bytes == null ? null : bytes.clone();
    }

    ChannelState state(boolean unlocked) {
        return new ChannelState(copy(diversifier), copy(outgoing), copy(incoming), unlocked);
    }

    byte[] selectDiversifier(CommandApdu apdu, Lock lock) throws Refusal {
        if (apdu.p1p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != SHORT && apdu.lc() != LONG) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        diversifier = data(apdu);
        return Responses.ok();
    }

    /** Allowed while locked: dynamic unlock needs it. */
    byte[] getChallenge(CommandApdu apdu, RandomSource random) {
        if (apdu.p1p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != 0 || apdu.le() != SHORT && apdu.le() != LONG) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        outgoing = random.next(apdu.le());
        return Responses.ok(outgoing);
    }

    byte[] giveRandom(CommandApdu apdu, Lock lock) throws Refusal {
        if (apdu.p1p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != LONG) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        incoming = data(apdu);
        return Responses.ok();
    }

    private static byte[] data(CommandApdu apdu) {
        return apdu.data(0, apdu.lc());
    }

    /** @return 4 or 8 bytes; null if none is selected since the reset */
    byte[] diversifier() {
        return diversifier;
    }

    /**
     * Reads the challenge for a session without using it up.
     *
     * @return 8 bytes in extended mode, the first 4 in regular mode; null if there is none of that length
     */
    byte[] sessionChallenge(boolean extended) {
        if (outgoing == null || extended && outgoing.length < LONG) {
            return null;
        }
        return extended || outgoing.length == SHORT ? outgoing : Arrays.copyOf(outgoing, SHORT);
    }

    void useOutgoing() {
        outgoing = null;
    }

    /** @return the challenge given by Get Challenge, 8 bytes; refused with 6985 if there is none of that length */
    byte[] requireOutgoing() throws Refusal {
        Refusal.unless(outgoing != null && outgoing.length == LONG, StatusWord.CONDITIONS_NOT_SATISFIED);
        return outgoing;
    }

    /** @return the challenge taken by Give Random, 8 bytes; refused with 6985 if there is none */
    byte[] requireIncoming() throws Refusal {
        Refusal.unless(incoming != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        return incoming;
    }

    void useIncoming() {
        incoming = null;
    }

    /** @return the selected diversifier, 4 or 8 bytes; refused with 6985 if none is selected */
    byte[] requireDiversifier() throws Refusal {
        Refusal.unless(diversifier != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        return diversifier;
    }

    /** @return the last challenge taken by Give Random, 8 bytes; eight zeros if there is none */
    byte[] readChallenge() {
        return incoming == null ? new byte[LONG] : incoming;
    }
}
