package org.calypsohsm.virtualreader;

/** A card in software, as a reader sees it: it is powered, reset, and answers commands. One thread at a time calls it. */
public interface SimulatedCard {

    /** @return the answer to reset, 2 to 33 bytes */
    byte[] atr();

    /** Forgets what a card forgets when it is reset or loses its power. */
    void reset();

    /**
     * Answers a command.
     *
     * @param command the command APDU, of any length but one byte
     * @return the response APDU; null if the card is mute
     */
    byte[] transmit(byte[] command);
}
