package org.calypsohsm.itest.kit.fault;

import java.util.Objects;
import java.util.function.Predicate;

import org.calypsohsm.card.Card;

/**
 * The field of a reader with a simulated card, which is torn out of it at a command: {@code field.when(cardWrite()).after(1).tear()}.
 * A card that is torn loses its power: an open session is lost with all its changes, and it answers nothing until it is in
 * the field again. One thread at a time, as the card.
 */
public final class CardField {

    private final Card card;
    private Tearing tearing;
    private boolean removed;

    /**
     * Puts a card into the field.
     *
     * @param card the card
     */
    public CardField(Card card) {
        this.card = Objects.requireNonNull(card, "card");
    }

    /** When a card is torn. First come the conditions, then the tearing, which is in force from that moment on. */
    public final class Tearing {

        private final Trigger trigger;
        private Trigger.Counter counter;
        private boolean carriedOut;

        private Tearing(Trigger trigger) {
            this.trigger = trigger;
        }

        /**
         * Only at some commands.
         *
         * @param command which, as in {@link Commands#ins(int...)}
         * @return the tearing with this condition
         */
        public Tearing when(Predicate<byte[]> command) {
            return new Tearing(trigger.when(command));
        }

        /**
         * Only after some commands have passed.
         *
         * @param count how many of those that the tearing is for
         * @return the tearing with this condition
         */
        public Tearing after(int count) {
            return new Tearing(trigger.after(count));
        }

        /** Tears the card out before it does anything about the command. */
        public void tear() {
            arm(false);
        }

        /** Tears the card out when it has carried the command out, but its answer is not yet in the reader. */
        public void tearBeforeAnswer() {
            arm(true);
        }

        private void arm(boolean late) {
            carriedOut = late;
            counter = trigger.times(1).counter();
            tearing = this;
        }
    }

    /**
     * Begins to say when the card is torn.
     *
     * @param command at which commands, as in {@link Commands#ins(int...)}
     * @return the tearing with this condition
     */
    public Tearing when(Predicate<byte[]> command) {
        return new Tearing(Trigger.ALWAYS.when(command));
    }

    /**
     * Begins to say when the card is torn.
     *
     * @param count after how many commands, whatever they are
     * @return the tearing with this condition
     */
    public Tearing after(int count) {
        return new Tearing(Trigger.ALWAYS.after(count));
    }

    /** @return the card, in the field or not, to look at what is stored on it */
    public Card card() {
        return card;
    }

    /** Takes the card out now. */
    public void remove() {
        removed = true;
        card.reset();
    }

    /** Puts the card into the field again: it begins as after power-on. No tearing is in force any more. */
    public void insert() {
        removed = false;
        tearing = null;
        card.reset();
    }

    /**
     * Transmits a command to the card.
     *
     * @param apdu command APDU
     * @return response APDU
     * @throws CardRemovedException if the card is not in the field, or leaves it meanwhile
     */
    public byte[] transmit(byte[] apdu) throws CardRemovedException {
        Tearing now = tearing;
        if (!removed && now != null && now.counter.strikesAt(apdu)) {
            if (now.carriedOut) {
                card.transmit(apdu);
            }
            remove();
        }
        if (removed) {
            throw new CardRemovedException("The " + card + " has left the field.");
        }
        return card.transmit(apdu);
    }
}
