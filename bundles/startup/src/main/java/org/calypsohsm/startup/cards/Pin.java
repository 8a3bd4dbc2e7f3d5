package org.calypsohsm.startup.cards;

import java.util.Arrays;

/** The PIN of a card as the card takes it; overwritten when it is closed. */
final class Pin implements AutoCloseable {

    /** Fewest characters that an OpenPGP card takes. */
    static final int LEAST = 6;
    /** Most characters. */
    static final int MOST = 64;

    private final byte[] bytes;

    private Pin(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Takes a PIN.
     *
     * @param pin as a person gave it; not changed
     * @return the PIN; null if it has not 6 to 64 digits or letters
     */
    static Pin of(char[] pin) {
        if (pin.length < LEAST || pin.length > MOST) {
            return null;
        }
        byte[] bytes = new byte[pin.length];
        for (int i = 0; i < pin.length; i++) {
            if (pin[i] >= 0x80 || !Character.isLetterOrDigit(pin[i])) {
                Arrays.fill(bytes, (byte) 0);
                return null;
            }
            bytes[i] = (byte) pin[i];
        }
        return new Pin(bytes);
    }

    /** @return the bytes themselves, not a copy */
    byte[] bytes() {
        return bytes;
    }

    @Override
    public void close() {
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public String toString() {
        return "a PIN";
    }
}
