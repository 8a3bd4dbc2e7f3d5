package org.calypsohsm.provider.sams20pcsc;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ChannelState;

/**
 * What a SAM-S1 remembers, as far as its commands and answers tell: a card that was taken out cannot be asked any more.
 * Follows sam-s1-apdu.md section 7; where that leaves a choice, bundles/sam.
 *
 * @param state       diversifier and challenges
 * @param session     what is known of a secure session
 * @param storedValue true between SV Prepare and SV Check
 */
record ChannelWatch(ChannelState state, Session session, boolean storedValue) {

    /** Where a secure session is. */
    enum Session {
        /** There is none. */
        NONE,
        /** It takes digest updates. */
        ONGOING,
        /** It waits for the certificate of the portable object in its middle. */
        MIDDLE,
        /** It waits for the certificate of the portable object at its end. */
        CLOSING
    }

    private static final int CARD_SECRET = 0x12;
    private static final int SELECT_DIVERSIFIER = 0x14;
    private static final int TRANSFER = 0x16;
    private static final int WRITE_KEY = 0x1A;
    private static final int UNLOCK = 0x20;
    private static final int SV_PREPARE_DEBIT = 0x54;
    private static final int SV_PREPARE_LOAD = 0x56;
    private static final int SV_CHECK = 0x58;
    private static final int SV_PREPARE_UNDEBIT = 0x5C;
    private static final int DIGEST_AUTHENTICATE = 0x82;
    private static final int GET_CHALLENGE = 0x84;
    private static final int GIVE_RANDOM = 0x86;
    private static final int INTERNAL_AUTHENTICATE = 0x88;
    private static final int DIGEST_INIT = 0x8A;
    private static final int DIGEST_CLOSE = 0x8E;
    private static final int WRITE = 0xD8;
    private static final int LOCK_FILE = 0xE0;
    private static final int DYNAMIC_UNLOCK = 8;

    static ChannelWatch from(ChannelState state) {
        return new ChannelWatch(copy(state.diversifier(), state.outgoingChallenge(), state.incomingChallenge(), state.unlocked()),
                Session.NONE, false);
    }

    private static ChannelState copy(byte[] diversifier, byte[] outgoing, byte[] incoming, boolean unlocked) {
        return new ChannelState(copy(diversifier), copy(outgoing), copy(incoming), unlocked);
    }

    private static byte[] copy(byte[] bytes) {
        return bytes == null ? null : bytes.clone();
    }

    /** @return what another SAM needs to go on; null while a session or a stored-value operation is in progress */
    ChannelState idleState() {
        return session != Session.NONE || storedValue ? null
                : copy(state.diversifier(), state.outgoingChallenge(), state.incomingChallenge(), state.unlocked());
    }

    /** Tells whether a command may be carried out a second time, when nobody knows whether it was the first time. */
    static boolean isRepeatable(byte[] command) {
        int ins = command[1] & 0xFF;
        return ins != WRITE_KEY && ins != WRITE;
    }

    /** @return what it remembers after a well-formed command and its answer */
    ChannelWatch after(byte[] command, byte[] response) {
        CommandApdu apdu = CommandApdu.of(command);
        int status = StatusWord.of(response);
        return StatusWord.isSuccessful(status) ? afterSuccess(apdu, response) : afterFault(apdu, status);
    }

    private ChannelWatch afterSuccess(CommandApdu apdu, byte[] response) {
        byte[] outgoing = state.outgoingChallenge();
        byte[] incoming = state.incomingChallenge();
        return switch (apdu.ins()) {
            case SELECT_DIVERSIFIER -> with(apdu.data(0, apdu.lc()), outgoing, incoming);
            case GET_CHALLENGE -> with(state.diversifier(), Arrays.copyOf(response, response.length - 2), incoming);
            case GIVE_RANDOM -> with(state.diversifier(), outgoing, apdu.data(0, apdu.lc()));
            case CARD_SECRET, TRANSFER -> with(state.diversifier(), outgoing, null);
            case WRITE_KEY -> written(apdu);
            case WRITE -> isDynamic(apdu) ? withoutChallenge() : this;
            case UNLOCK -> unlocked(apdu);
            case DIGEST_INIT -> withoutChallenge().in(Session.ONGOING);
            case INTERNAL_AUTHENTICATE -> in(Session.MIDDLE);
            case DIGEST_CLOSE -> in(Session.CLOSING);
            case DIGEST_AUTHENTICATE -> in(session == Session.MIDDLE ? Session.ONGOING : Session.NONE);
            case SV_PREPARE_DEBIT, SV_PREPARE_LOAD, SV_PREPARE_UNDEBIT -> storing(true);
            case SV_CHECK -> storing(false);
            default -> this;
        };
    }

    private ChannelWatch afterFault(CommandApdu apdu, int status) {
        boolean wrong = status == StatusWord.SECURITY_DATA_WRONG;
        return switch (apdu.ins()) {
            case DIGEST_AUTHENTICATE -> wrong ? in(Session.NONE) : this;
            case SV_CHECK -> wrong ? storing(false) : this;
            // The content of a block is looked at behind its signature, when the challenge is spent.
            case WRITE_KEY, WRITE -> isDynamic(apdu) && (wrong || status == StatusWord.WRONG_DATA) ? withoutChallenge() : this;
            case UNLOCK -> wrong && isDynamicUnlock(apdu) ? withoutChallenge() : this;
            default -> this;
        };
    }

    private static boolean isDynamic(CommandApdu apdu) {
        return apdu.p1() == 0;
    }

    private static boolean isDynamicUnlock(CommandApdu apdu) {
        return apdu.lc() == DYNAMIC_UNLOCK;
    }

    private ChannelWatch withoutChallenge() {
        return with(state.diversifier(), null, state.incomingChallenge());
    }

    private ChannelWatch written(CommandApdu apdu) {
        byte[] outgoing = isDynamic(apdu) ? null : state.outgoingChallenge();
        // A lock that was enabled holds from the next reset on.
        return new ChannelWatch(new ChannelState(state.diversifier(), outgoing, state.incomingChallenge(),
                state.unlocked() || apdu.p2() == LOCK_FILE), session, storedValue);
    }

    private ChannelWatch unlocked(CommandApdu apdu) {
        return new ChannelWatch(new ChannelState(state.diversifier(), isDynamicUnlock(apdu) ? null : state.outgoingChallenge(),
                state.incomingChallenge(), true), session, storedValue);
    }

    private ChannelWatch with(byte[] diversifier, byte[] outgoing, byte[] incoming) {
        return new ChannelWatch(new ChannelState(diversifier, outgoing, incoming, state.unlocked()), session, storedValue);
    }

    private ChannelWatch in(Session next) {
        return new ChannelWatch(state, next, storedValue);
    }

    private ChannelWatch storing(boolean pending) {
        return new ChannelWatch(state, session, pending);
    }

    /** Says what is there, not what it is. */
    @Override
    public String toString() {
        return "ChannelWatch[" + state + ", session " + session + (storedValue ? ", stored value]" : "]");
    }
}
