package org.calypsohsm.startup;

import java.util.Objects;

/**
 * The set of startup cards that opens a key store.
 *
 * @param id        name of the set, 16 hexadecimal digits; random
 * @param threshold how many of the cards are needed, 1 or more
 * @param cards     how many cards there are; 0 for a software token
 */
public record CardSet(String id, int threshold, int cards) {

    /** Greatest number of cards in a set. */
    public static final int MOST_CARDS = 16;

    /** Checks the ranges. */
    public CardSet {
        Objects.requireNonNull(id, "id");
        if (!id.matches("[0-9A-F]{16}")) {
            throw new IllegalArgumentException("A set of startup cards is named by 16 hexadecimal digits.");
        }
        if (cards < 0 || cards > MOST_CARDS || threshold < 1 || cards > 0 && threshold > cards) {
            throw new IllegalArgumentException("A set has 1 to " + MOST_CARDS + " startup cards, of which 1 or more, but not more"
                    + " than all, are needed: not " + threshold + " of " + cards + ".");
        }
    }

    /** @return true if a software token takes the place of cards: for development */
    public boolean isSoftwareToken() {
        return cards == 0;
    }
}
