package org.calypsohsm.profile;

import org.calypsohsm.product.SessionDigest;

/**
 * A session digest with the card's side as well: the card absorbs the same stream, and gives the halves that the SAM checks.
 */
public interface ReferenceSession extends SessionDigest {

    /**
     * Card side: checks the terminal's certificate in the middle of a session.
     *
     * @param certificate 8 bytes
     * @return true if it is right
     * @throws UnsupportedOperationException if this session is not in extended mode
     */
    boolean verifyMidSessionTerminalCertificate(byte[] certificate);

    /**
     * Card side: gives the card's certificate in the middle of a session.
     *
     * @return 8 bytes
     * @throws UnsupportedOperationException if this session is not in extended mode
     */
    byte[] midSessionCardCertificate();

    /**
     * Card side: gives the card's certificate at the end. {@link #terminalCertificate()} must have ended the digest.
     *
     * @return 4 bytes in regular mode, 8 bytes in extended mode
     */
    byte[] cardCertificate();

    /**
     * Card side of {@link #cipher}: takes in one exchange of a ciphered session.
     *
     * @param data   a command ciphered (odd), or a response in clear (even)
     * @param offset where it starts
     * @param length its length
     * @return the command in clear, or the response ciphered
     */
    byte[] cipherAsCard(byte[] data, int offset, int length);
}
