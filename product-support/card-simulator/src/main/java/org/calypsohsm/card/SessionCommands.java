package org.calypsohsm.card;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.profile.ReferenceSession;

/** Open, Close and Manage Secure Session. Source: calypso-card.md section b. */
final class SessionCommands {

    private static final int PRE_OPEN_LC = 1;
    private static final int EXTENDED_LC = 9;
    private static final int KEY_MASK = 0x07;
    private static final int KVC_WANTED = 0x80;
    private static final int MANAGE_ALLOWED = 0x02;
    private static final int NOT_RATIFIED = 0x01;
    private static final int RATIFY_NOW = 0x80;
    private static final int MANAGE_AUTHENTICATE = 0x01;
    private static final int MANAGE_CIPHER = 0x02;

    private SessionCommands() {
    }

    /** Open Secure Session: all forms but PKI. */
    static byte[] open(CardState card, CommandApdu command) {
        OpenForm form = form(card.product, command);
        boolean extended = form.isExtended();
        boolean preOpen = extended && command.lc() == PRE_OPEN_LC;
        if (!preOpen && command.lc() != (extended ? EXTENDED_LC : form.certificateLength())) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        if (extended && command.data(0) != 0) {
            throw new Refusal(CardStatus.WRONG_DATA);
        }
        if (card.session() != null) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        int key = command.p1() & KEY_MASK;
        if (key < 1 || key > CardKeys.PER_DIRECTORY) {
            throw new Refusal(CardStatus.WRONG_KEY_INDEX);
        }
        if (card.keys.isNull(card.directory(), key)) {
            throw new Refusal(CardStatus.WRONG_KEY_INDEX);
        }
        if (card.transactionCounter() == 0) {
            throw new Refusal(CardStatus.TRANSACTION_COUNTER_ZERO);
        }
        int recordAndKey = form.isRevision3() ? command.p1() : command.p1() & ~KVC_WANTED;
        byte[] record = record(card, key, recordAndKey >> 3, command.p2() >> 3);
        byte[] random = random(card, extended);
        byte[] openData = openData(card, form, key, random, record);
        if (preOpen) {
            card.setPreOpenChallenge(random);
            return CardStatus.response(openData, CardStatus.POSTPONED);
        }
        int challengeAt = command.dataOffset() + (extended ? 1 : 0);
        byte[] challenge = Arrays.copyOfRange(command.bytes(), challengeAt, challengeAt + form.certificateLength());
        ReferenceSession digest = card.keys.key(card.directory(), key).openSession(challenge, extended);
        card.beginSession(new SecureSession(key, extended, digest, openData, card.persistentImage(), card.sessionRoom(),
                card.product.isRevision3()));
        return CardStatus.response(openData, CardStatus.OK);
    }

    private static OpenForm form(CardProduct product, CommandApdu command) {
        int p2 = command.p2() & 0x07;
        OpenForm form = null;
        if (product.isRevision3()) {
            form = p2 == 1 ? OpenForm.REVISION_3 : p2 == 2 ? OpenForm.REVISION_3_EXTENDED : null;
        } else if (p2 == 0) {
            form = (command.p1() & KVC_WANTED) != 0 ? OpenForm.REVISION_2_4 : OpenForm.REVISION_1;
        }
        if (form == null || !product.openForms().contains(form)) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        return form;
    }

    /** Reads the record that Open asks for; SFI alone only makes the file the current one. */
    private static byte[] record(CardState card, int key, int record, int sfi) {
        if (record == 0 && sfi == 0) {
            return new byte[0];
        }
        ElementaryFile file = card.file(sfi);
        if (record == 0) {
            return new byte[0];
        }
        file.checkRecord(record);
        card.checkReadable(file, key);
        return card.image().record(file, record);
    }

    /** The terminal may have digested the answer to pre-open already, so its challenge stays until the session is open. */
    private static byte[] random(CardState card, boolean extended) {
        if (!extended) {
            return card.randomBytes(1);
        }
        return card.preOpenChallenge() != null ? card.preOpenChallenge() : card.randomBytes(5);
    }

    private static byte[] openData(CardState card, OpenForm form, int key, byte[] random, byte[] record) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(48);
        if (form == OpenForm.REVISION_2_4) {
            out.write(card.keys.kvc(card.directory(), key));
        }
        int counter = card.transactionCounter();
        out.write(counter >> 16);
        out.write(counter >> 8);
        out.write(counter);
        out.writeBytes(random);
        if (form.isRevision3()) {
            out.write((card.isRatified() ? 0 : NOT_RATIFIED) | (form.isExtended() ? MANAGE_ALLOWED : 0));
            out.write(card.keys.kif(card.directory(), key));
            out.write(card.keys.kvc(card.directory(), key));
            out.write(record.length);
        } else if (!card.isRatified()) {
            out.writeBytes(card.ratificationBytes());
        }
        out.writeBytes(record);
        return out.toByteArray();
    }

    /** Close Secure Session, and its abort form without data. */
    static byte[] close(CardState card, CommandApdu command) {
        SecureSession session = card.session();
        if (session == null) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        if (command.p2() != 0 || (command.p1() & ~RATIFY_NOW) != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        boolean ratify = command.p1() == RATIFY_NOW;
        if (command.lc() == 0 && !ratify) {
            card.abortSession();
            return CardStatus.response(CardStatus.OK);
        }
        byte[] terminalCertificate = terminalCertificate(session, command);
        byte[] answer = session.close(terminalCertificate);
        if (answer == null) {
            card.abortSession();
            throw new Refusal(CardStatus.WRONG_CERTIFICATE);
        }
        card.commitSession(terminalCertificate, ratify);
        return CardStatus.response(answer, CardStatus.OK);
    }

    private static byte[] terminalCertificate(SecureSession session, CommandApdu command) {
        if (command.lc() != session.certificateLength()) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        return Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + command.lc());
    }

    /** Manage Secure Session: ciphering on or off, mutual authentication. */
    static byte[] manage(CardState card, CommandApdu command) {
        int p2 = command.p2();
        if (command.p1() != 0 || (p2 & ~(MANAGE_AUTHENTICATE | MANAGE_CIPHER)) != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        SecureSession session = card.session();
        if (session == null || !session.isExtended()) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        byte[] response = CardStatus.response(CardStatus.OK);
        if ((p2 & MANAGE_AUTHENTICATE) != 0) {
            byte[] certificate = session.authenticate(terminalCertificate(session, command));
            if (certificate == null) {
                card.abortSession();
                throw new Refusal(CardStatus.WRONG_CERTIFICATE);
            }
            response = CardStatus.response(certificate, CardStatus.OK);
        } else if (command.lc() != 0) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        session.setCiphered((p2 & MANAGE_CIPHER) != 0);
        return response;
    }
}
