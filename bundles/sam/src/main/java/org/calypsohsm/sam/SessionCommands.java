package org.calypsohsm.sam;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;

/**
 * The commands of a secure session: Digest Init, Update, Update Multiple, Internal Authenticate, Close, Authenticate.
 * Source: sam-s1-apdu.md sections 5.4 to 5.9. Where the source leaves a choice, the README of this bundle says what is chosen.
 */
final class SessionCommands {

    /** P2 of Digest Init: the key is named by KIF and KVC in the data. */
    private static final int BY_KIF_KVC = 0xFF;
    private static final int VERIFICATION_MODE = 0x01;
    private static final int EXTENDED_MODE = 0x02;
    private static final int MULTIPLE = 0x80;
    private static final int CIPHERED = 0x80;
    private static final int COMMAND_HEADER = 5;
    private static final int STATUS_WORD = 2;
    /** The call of this number is refused (section 5.9). */
    private static final int REFUSED_INTERNAL_AUTHENTICATION = 250;
    private static final int EXTENDED_CERTIFICATE = 8;
    private static final int REGULAR_CERTIFICATE = 4;

    private final SamForm form;
    private final KeyUse use;
    private final Challenges challenges;
    private final Lock lock;
    private SecureSession session;

    SessionCommands(SamForm form, KeyUse use, Challenges challenges, Lock lock) {
        this.form = form;
        this.use = use;
        this.challenges = challenges;
        this.lock = lock;
    }

    boolean inProgress() {
        return session != null;
    }

    /** Forgets the session in progress, if there is one. */
    void drop() {
        SecureSession dropped = session;
        session = null;
        if (dropped != null) {
            dropped.destroy();
        }
    }

    byte[] digestInit(CommandApdu apdu) throws Refusal {
        int mode = apdu.p1();
        boolean extended = (mode & EXTENDED_MODE) != 0;
        boolean byKifKvc = apdu.p2() == BY_KIF_KVC;
        if ((mode & ~(VERIFICATION_MODE | EXTENDED_MODE)) != 0 || extended && !form.extendedMode()
                || !byKifKvc && (apdu.p2() == 0 || apdu.p2() > KeyGroup.LAST_WORK_KEY_RECORD)) {
            return Responses.status(StatusWord.WRONG_REFERENCE);
        }
        int keyBytes = byKifKvc ? 2 : 0;
        if (apdu.lc() <= keyBytes || apdu.lc() > form.maxDigestData()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        byte[] challenge = challenges.sessionChallenge(extended);
        if (challenge == null || challenges.diversifier() == null) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        SamKey key = byKifKvc ? use.keys().workKey(apdu.data(0), apdu.data(1)) : use.keys().workKeyAt(apdu.p2());
        if (key == null || !key.isUsable()) {
            return Responses.status(key == null ? StatusWord.NOT_FOUND : StatusWord.KEY_NOT_USABLE);
        }
        SecureSession opened;
        PluginSlot slot = use.plugins().lease(key.alg());
        if (slot == null) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        try {
            SecurityPlugin plugin = slot.plugin();
            if (extended && !plugin.supports(key.alg(), SecurityPlugin.Function.EXTENDED_SESSION)) {
                return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
            }
            if (use.tryCount(key) == KeyGroup.BLOCKED) {
                return Responses.status(StatusWord.COUNTER_BLOCKED);
            }
            opened = SecureSession.open(plugin.diversify(key.alg(), key.value(), challenges.diversifier()), challenge,
                    extended, (mode & VERIFICATION_MODE) != 0);
        } finally {
            slot.leave();
        }
        // A terminal whose card broke off begins anew: the session before is forgotten.
        drop();
        session = opened;
        opened.digest.update(apdu.bytes(), apdu.dataOffset() + keyBytes, apdu.lc() - keyBytes);
        // Last, so that a plugin that fails has not cost the terminal its challenge.
        challenges.useOutgoing();
        return Responses.ok();
    }

    byte[] digestUpdate(CommandApdu apdu) throws Refusal {
        boolean multiple = apdu.p1() == MULTIPLE;
        boolean ciphered = apdu.p2() == CIPHERED;
        if (apdu.p1() != 0 && !multiple || apdu.p2() != 0 && !ciphered || multiple && ciphered
                || multiple && !form.digestUpdateMultiple() || ciphered && !form.extendedMode()) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() == 0 || apdu.lc() > form.maxDigestData()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        if (notIn(SecureSession.Phase.ONGOING) || ciphered && !session.extended) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        if (multiple) {
            return updateMultiple(apdu);
        }
        if (ciphered) {
            return updateCiphered(apdu);
        }
        session.digest.update(apdu.bytes(), apdu.dataOffset(), apdu.lc());
        return Responses.ok();
    }

    private byte[] updateMultiple(CommandApdu apdu) {
        // The whole structure is checked before the digest takes any of it in, so that 6A80 changes nothing.
        int index = 0;
        while (index < apdu.lc()) {
            int length = apdu.data(index);
            if (length == 0) {
                return Responses.status(StatusWord.WRONG_DATA);
            }
            index += 1 + length;
        }
        if (index != apdu.lc()) {
            return Responses.status(StatusWord.WRONG_DATA);
        }
        for (index = 0; index < apdu.lc(); index += 1 + apdu.data(index)) {
            session.digest.update(apdu.bytes(), apdu.dataOffset() + index + 1, apdu.data(index));
        }
        return Responses.ok();
    }

    private byte[] updateCiphered(CommandApdu apdu) {
        boolean command = session.cipheredExchanges % 2 == 0;
        if (apdu.lc() < (command ? COMMAND_HEADER : STATUS_WORD)) {
            return Responses.status(StatusWord.WRONG_DATA);
        }
        byte[] result = FromPlugin.bytes(session.digest.cipher(apdu.bytes(), apdu.dataOffset(), apdu.lc()), apdu.lc());
        session.cipheredExchanges++;
        return Responses.ok(result);
    }

    byte[] internalAuthenticate(CommandApdu apdu) throws Refusal {
        if (apdu.p1() != 0x80 || apdu.p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != 0 || apdu.le() != EXTENDED_CERTIFICATE) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        if (notIn(SecureSession.Phase.ONGOING) || !session.extended || session.verificationMode
                || session.internalAuthentications + 1 >= REFUSED_INTERNAL_AUTHENTICATION) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        byte[] certificate = FromPlugin.bytes(session.digest.midSessionTerminalCertificate(), EXTENDED_CERTIFICATE);
        session.internalAuthentications++;
        session.phase = SecureSession.Phase.AWAITING_MID_SESSION_CERTIFICATE;
        return Responses.ok(certificate);
    }

    byte[] digestClose(CommandApdu apdu) throws Refusal {
        if (apdu.p1p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != 0 || apdu.le() != REGULAR_CERTIFICATE && apdu.le() != EXTENDED_CERTIFICATE) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        if (notIn(SecureSession.Phase.ONGOING)) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        if (apdu.le() != session.certificateLength()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        byte[] certificate = FromPlugin.bytes(session.digest.terminalCertificate(), session.certificateLength());
        session.phase = SecureSession.Phase.AWAITING_CARD_CERTIFICATE;
        return Responses.ok(certificate);
    }

    byte[] digestAuthenticate(CommandApdu apdu) throws Refusal {
        if (apdu.p1p2() != 0) {
            return Responses.status(StatusWord.WRONG_MODE);
        }
        if (apdu.lc() != REGULAR_CERTIFICATE && apdu.lc() != EXTENDED_CERTIFICATE) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        lock.requireUnlocked();
        if (session == null || session.phase == SecureSession.Phase.ONGOING) {
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        if (apdu.lc() != session.certificateLength()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        boolean atTheEnd = session.phase == SecureSession.Phase.AWAITING_CARD_CERTIFICATE;
        boolean right = atTheEnd
                ? session.digest.verifyCardCertificate(apdu.bytes(), apdu.dataOffset(), apdu.lc())
                : session.digest.verifyMidSessionCardCertificate(apdu.bytes(), apdu.dataOffset(), apdu.lc());
        if (right && !atTheEnd) {
            session.phase = SecureSession.Phase.ONGOING;
        } else {
            drop();
        }
        return Responses.status(right ? StatusWord.OK : StatusWord.SECURITY_DATA_WRONG);
    }

    private boolean notIn(SecureSession.Phase phase) {
        return session == null || session.phase != phase;
    }
}
