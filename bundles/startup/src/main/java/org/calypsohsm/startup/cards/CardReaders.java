package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.util.List;

import org.calypsohsm.startup.StartupException;

/** The readers of this machine. */
interface CardReaders {

    /**
     * What is done with a card while nobody else can reach it.
     *
     * @param <T> what comes out of it
     */
    @FunctionalInterface
    interface Conversation<T> {

        /**
         * Talks with the card.
         *
         * @param card the way to it
         * @return what comes out of it
         * @throws IOException if the card does not answer
         */
        T with(CardChannel card) throws StartupException, IOException;
    }

    /** Waits for cards that come and go; used by one thread. */
    @FunctionalInterface
    interface Changes {

        /**
         * Waits for a card that comes or goes.
         *
         * @param millis how long, 1 or more
         * @return true if there was a change, false if the time is over
         * @throws InterruptedException if the thread is told to end
         */
        boolean await(long millis) throws InterruptedException;
    }

    /**
     * Lists the readers that hold a card.
     *
     * @return their names
     * @throws StartupException NO_CARD if PC/SC is not there
     */
    List<String> withCard() throws StartupException;

    /**
     * Talks with the card in a reader. The card is reset afterwards, so that nobody profits by the PIN that was given.
     *
     * @param <T>          what comes out of it
     * @param reader       name of the reader
     * @param conversation what to do
     * @return what comes out of it
     * @throws StartupException NO_CARD if the card is gone; FAILED if it does not answer; what the conversation throws
     */
    <T> T converse(String reader, Conversation<T> conversation) throws StartupException;

    /** @return waits for changes from now on */
    Changes changes();
}
