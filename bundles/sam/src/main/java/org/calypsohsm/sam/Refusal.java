package org.calypsohsm.sam;

/** A command is refused with a status word. It has no stack trace: a refusal is an answer, not a fault. */
final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    private final int statusWord;

    Refusal(int statusWord) {
        super(null, null, false, false);
        this.statusWord = statusWord;
    }

    int statusWord() {
        return statusWord;
    }

    /** Refuses unless a condition holds. */
    static void unless(boolean condition, int statusWord) throws Refusal {
        if (!condition) {
            throw new Refusal(statusWord);
        }
    }
}
