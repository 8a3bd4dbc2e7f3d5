package org.calypsohsm.product;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * The digest of one secure session, on the SAM's side. It absorbs what it is given at once, so its size does not depend
 * on the length of the session. Used by one thread at a time. Source: security-profiles.md, "Session".
 *
 * <p>A length that its Javadoc does not allow is an {@link IllegalArgumentException}, a range outside of the array an
 * {@link IndexOutOfBoundsException}, null a {@link NullPointerException}, and a call out of its turn an
 * {@link IllegalStateException}. No argument is kept or changed. A certificate of another length is not right.
 */
@ConsumerType
public interface SessionDigest {

    /**
     * Takes in one element: the data of Digest Init behind KIF and KVC, then each digest update.
     *
     * @param data   holds the element
     * @param offset where it starts
     * @param length its length, 0 to 255 bytes
     */
    void update(byte[] data, int offset, int length);

    /**
     * Takes in one exchange of a ciphered session: the odd ones are commands, the even ones are responses.
     *
     * @param data   a command in clear, or a response ciphered
     * @param offset where it starts
     * @param length its length: at least 5 bytes for a command, 2 for a response
     * @return the command with its data field ciphered, or the response in clear; as long as the input
     * @throws UnsupportedOperationException if this session is not in extended mode
     */
    byte[] cipher(byte[] data, int offset, int length);

    /**
     * Gives the terminal's certificate in the middle of a session.
     *
     * @return 8 bytes
     * @throws UnsupportedOperationException if this session is not in extended mode
     */
    byte[] midSessionTerminalCertificate();

    /**
     * Checks the card's certificate in the middle of a session, in constant time.
     *
     * @param certificate holds the certificate
     * @param offset      where it starts
     * @param length      its length
     * @return true if it is right
     * @throws UnsupportedOperationException if this session is not in extended mode
     */
    boolean verifyMidSessionCardCertificate(byte[] certificate, int offset, int length);

    /**
     * Ends the digest and gives the terminal's certificate. Only {@link #verifyCardCertificate} may follow.
     *
     * @return 4 bytes in regular mode, 8 bytes in extended mode
     */
    byte[] terminalCertificate();

    /**
     * Checks the card's certificate at the end of a session, in constant time.
     *
     * @param certificate holds the certificate
     * @param offset      where it starts
     * @param length      its length
     * @return true if it is right
     */
    boolean verifyCardCertificate(byte[] certificate, int offset, int length);

    /** Overwrites what is secret. Nothing may be called afterwards. */
    void destroy();
}
