package org.calypsohsm.startup.cards;

import java.util.ArrayList;
import java.util.List;

/** The shares that were given for a store and not used yet. Safe for many threads. */
final class GivenShares {

    private final List<Given> cards = new ArrayList<>();

    /**
     * A card that gave its share. Its PIN is kept as long as the share, which is worth more: the epoch is written with it.
     *
     * @param serial serial number of the card
     * @param reader where it was
     * @param share  its share
     * @param pin    its PIN
     * @param label  its label
     */
    record Given(String serial, String reader, Share share, Pin pin, CardLabel label) {

        void wipe() {
            share.wipe();
            pin.close();
        }
    }

    synchronized int count() {
        return cards.size();
    }

    synchronized boolean contains(String serial, int index) {
        return cards.stream().anyMatch(card -> card.serial().equals(serial) || card.share().index() == index);
    }

    synchronized void add(Given card) {
        cards.add(card);
    }

    /**
     * Takes what was given away.
     *
     * @return the cards; the caller wipes them
     */
    synchronized List<Given> take() {
        List<Given> taken = List.copyOf(cards);
        cards.clear();
        return taken;
    }

    synchronized void wipe() {
        take().forEach(Given::wipe);
    }
}
