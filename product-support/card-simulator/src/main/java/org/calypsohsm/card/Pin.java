package org.calypsohsm.card;

import java.security.MessageDigest;

/**
 * The PIN of one card: its value and tries last, the presentation ends with the next reset or selection by AID.
 * Source: calypso-card.md section d.
 */
final class Pin {

    /** Length of a PIN in bytes. */
    static final int LENGTH = 4;
    static final int MAX_TRIES = 3;

    private byte[] value;
    private int tries = MAX_TRIES;
    private boolean verified;

    /** @param value 4 bytes, not copied and never changed */
    Pin(byte[] value) {
        this.value = value;
    }

    /** @return how many wrong presentations are left, 0..3 */
    int tries() {
        return tries;
    }

    boolean isVerified() {
        return verified;
    }

    /**
     * Takes a presentation. The try is taken away first, and no session gives it back, so that pulling the card out of the
     * field wins nobody a try.
     *
     * @param presented 4 bytes; null if they could not be deciphered, which is a wrong PIN too
     */
    void present(byte[] presented) {
        tries--;
        verified = presented != null && isSameAs(presented);
        if (verified) {
            tries = MAX_TRIES;
        }
    }

    boolean isSameAs(byte[] other) {
        return MessageDigest.isEqual(value, other);
    }

    /** Sets a new value, with all its tries; it must be presented again. */
    void change(byte[] newValue) {
        value = newValue;
        tries = MAX_TRIES;
        verified = false;
    }

    void forgetPresentation() {
        verified = false;
    }
}
