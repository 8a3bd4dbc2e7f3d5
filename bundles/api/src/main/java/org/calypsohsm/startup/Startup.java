package org.calypsohsm.startup;

import java.util.List;

import org.osgi.annotation.versioning.ProviderType;

/** The service that opens key stores with startup cards. Safe for many threads; one card is handled at a time. */
@ProviderType
public interface Startup {

    /** @return one report for each key store present, in the order of their names */
    List<StartupReport> stores();

    /** @return the names of the readers that hold a card now, of all or of those that the configuration names */
    List<String> readersWithCard();

    /**
     * Takes the share of the startup card in the reader; with enough of them the store opens.
     *
     * @param store name of the store
     * @param pin   PIN of the card, or of the software token; the caller overwrites it
     * @return how far it is
     * @throws StartupException NOT_FOUND, NOT_INITIALIZED, ALREADY_OPEN, NO_CARD, WRONG_CARD, WRONG_PIN, PIN_BLOCKED or FAILED
     */
    StartupReport unlock(String store, char[] pin) throws StartupException;

    /**
     * Makes a new store with a random storage key that is shared out to startup cards.
     * The ceremony is asked for each card in turn; the store is there, and open, only when all cards are written and read
     * back.
     *
     * @param store    name of the store
     * @param set      threshold and number of cards; 0 cards make a software token, for development
     * @param ceremony asked for each card
     * @return the store, open
     * @throws StartupException as for {@link #unlock}, and ALREADY_INITIALIZED
     */
    StartupReport initialize(String store, Shares set, Ceremony ceremony) throws StartupException;

    /**
     * Takes the share of a startup card for a new store, where the cards are of a store of before: after the loss of a disk,
     * so that a backup can be restored. With enough shares the store begins.
     *
     * @param store name of the store, which has no startup cards yet
     * @param set   the set of the cards, as {@link #stores()} told it of the store of before
     * @param pin   PIN of the card; the caller overwrites it
     * @return how far it is
     * @throws StartupException as for {@link #unlock}, and ALREADY_INITIALIZED
     */
    StartupReport adopt(String store, CardSet set, char[] pin) throws StartupException;

    /**
     * Locks a store: what was given for it is forgotten, its keys are overwritten in memory.
     *
     * @param store name of the store
     * @throws StartupException NOT_FOUND or NOT_RECORDED
     */
    void lock(String store) throws StartupException;

    /**
     * Destroys a store with all its keys; a backup and the startup cards together are all that is left of them.
     *
     * @param store name of the store
     * @throws StartupException NOT_FOUND or FAILED
     */
    void zeroize(String store) throws StartupException;

    /**
     * How the storage key is shared out.
     *
     * @param threshold how many cards are needed, 1 or more
     * @param cards     how many cards there are; 0 for a software token
     */
    record Shares(int threshold, int cards) {
    }

    /** Asked for each card of a new set. */
    @FunctionalInterface
    interface Ceremony {

        /**
         * Has a person insert the next card and choose its PIN.
         *
         * @param number which card, 1 or more
         * @param cards  of how many; 0 for a software token
         * @return the PIN of the card now in the reader: 6 to 64 digits or letters; overwritten after use; null gives it up
         */
        char[] nextCard(int number, int cards);
    }
}
