package org.calypsohsm.card;

import java.security.MessageDigest;
import java.util.Arrays;

import org.calypsohsm.profile.ReferenceSession;

/**
 * A secure session of one card: the digest of all exchanges, the provisional file contents, the room that is left for
 * modifications, and what is postponed to Close. Source: calypso-card.md sections b to d.
 */
final class SecureSession {

    /** What a modification costs beside its data where the limit is in bytes. */
    private static final int MODIFICATION_OVERHEAD = 6;

    private final int keyIndex;
    private final boolean extended;
    private final ReferenceSession digest;
    private final FileImage confirmed;
    private final boolean roomInBytes;
    private int room;
    private FileImage provisional;
    private byte[] postponed = new byte[0];
    private boolean ciphered;
    private boolean storedValueChanged;

    /**
     * Begins a session.
     *
     * @param keyIndex    1 issuer, 2 load, 3 debit
     * @param extended    true for certificates of 8 bytes
     * @param digest      the digest, with the terminal's challenge inside
     * @param openData    data of the answer to Open: the first thing that the digest takes in
     * @param confirmed   the file contents, which this session never changes
     * @param room        limit of modifications
     * @param roomInBytes true if the limit is in bytes, false if it is a number of commands
     */
    SecureSession(int keyIndex, boolean extended, ReferenceSession digest, byte[] openData, FileImage confirmed, int room,
            boolean roomInBytes) {
        this.keyIndex = keyIndex;
        this.extended = extended;
        this.digest = digest;
        this.confirmed = confirmed;
        this.room = room;
        this.roomInBytes = roomInBytes;
        digest.update(openData, 0, openData.length);
    }

    int keyIndex() {
        return keyIndex;
    }

    boolean isExtended() {
        return extended;
    }

    int certificateLength() {
        return extended ? OpenForm.REVISION_3_EXTENDED.certificateLength() : OpenForm.REVISION_3.certificateLength();
    }

    void setCiphered(boolean ciphered) {
        this.ciphered = ciphered;
    }

    /** @return true after the one stored value operation that a session may hold */
    boolean isStoredValueChanged() {
        return storedValueChanged;
    }

    void setStoredValueChanged() {
        storedValueChanged = true;
    }

    /** @return the contents as this session sees them */
    FileImage image() {
        return provisional == null ? confirmed : provisional;
    }

    /**
     * Takes room for one modification.
     *
     * @return the contents to modify
     * @throws Refusal 6400 if there is not enough room; the session goes on
     */
    FileImage modify(int dataLength) {
        int cost = roomInBytes ? dataLength + MODIFICATION_OVERHEAD : 1;
        if (cost > room) {
            throw new Refusal(CardStatus.SESSION_FULL);
        }
        room -= cost;
        if (provisional == null) {
            provisional = confirmed.copy();
        }
        return provisional;
    }

    /** Keeps an item for the answer to Close, which shows it behind a length byte that counts itself. */
    void postpone(byte[] item) {
        int at = postponed.length;
        postponed = Arrays.copyOf(postponed, at + 1 + item.length);
        postponed[at] = (byte) (1 + item.length);
        System.arraycopy(item, 0, postponed, at + 1, item.length);
    }

    /**
     * Takes in a command.
     *
     * @param apdu   the command
     * @param length its length without a trailing Le (rule CL-C4-MAC.1)
     * @return the command in clear
     */
    byte[] takeCommand(byte[] apdu, int length) {
        if (ciphered) {
            return digest.cipherAsCard(apdu, 0, length);
        }
        digest.update(apdu, 0, length);
        return apdu;
    }

    /** Takes in a response, and gives it as it is to be sent. */
    byte[] takeResponse(byte[] response) {
        if (ciphered) {
            return digest.cipherAsCard(response, 0, response.length);
        }
        digest.update(response, 0, response.length);
        return response;
    }

    /**
     * Answers a mutual authentication in the middle of the session.
     *
     * @return the card's certificate; null if the terminal's is wrong
     */
    byte[] authenticate(byte[] terminalCertificate) {
        return digest.verifyMidSessionTerminalCertificate(terminalCertificate) ? digest.midSessionCardCertificate() : null;
    }

    /**
     * Ends the session.
     *
     * @return what Close answers: postponed items, card's certificate; null if the terminal's certificate is wrong
     */
    byte[] close(byte[] terminalCertificate) {
        if (!MessageDigest.isEqual(digest.terminalCertificate(), terminalCertificate)) {
            return null;
        }
        byte[] certificate = digest.cardCertificate();
        byte[] answer = Arrays.copyOf(postponed, postponed.length + certificate.length);
        System.arraycopy(certificate, 0, answer, postponed.length, certificate.length);
        return answer;
    }

    void destroy() {
        digest.destroy();
    }
}
