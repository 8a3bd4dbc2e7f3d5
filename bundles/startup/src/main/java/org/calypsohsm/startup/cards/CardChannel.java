package org.calypsohsm.startup.cards;

import java.io.IOException;

/** The way to a card in a reader. */
@FunctionalInterface
interface CardChannel {

    /**
     * Exchanges an APDU.
     *
     * @param command command APDU with short lengths
     * @return the complete response data and the status word, 2 bytes or more
     * @throws IOException if the card does not answer
     */
    byte[] transmit(byte[] command) throws IOException;
}
