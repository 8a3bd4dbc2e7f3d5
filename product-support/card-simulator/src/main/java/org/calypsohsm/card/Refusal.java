package org.calypsohsm.card;

/** A command refused with a status word. It never leaves the card, and has no stack trace since it is no defect. */
final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int statusWord;

    Refusal(int statusWord) {
        super(null, null, false, false);
        this.statusWord = statusWord;
    }

    int statusWord() {
        return statusWord;
    }
}
