package org.calypsohsm.shell;

/** Numbers in sentences. */
final class Words {

    private Words() {
    }

    /** @return as in {@code "1 module"} and {@code "2 modules"} */
    static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
