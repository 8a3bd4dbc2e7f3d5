package org.calypsohsm.fuzz;

import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One command of a flow.
 *
 * @param sam     the SAM that it goes to
 * @param command makes the command, perhaps with the help of a card; it gives null if there is nothing to send
 * @param answer  takes the data of a successful answer
 * @param any     true if the flow goes on whatever the status word is
 * @param spoilt  true if the command is to be changed
 */
record Step(Sam sam, Supplier<byte[]> command, Consumer<byte[]> answer, boolean any, boolean spoilt) {

    Step spoiled() {
        return new Step(sam, command, answer, any, true);
    }

    Step asForeign() {
        return new Step(sam, command, data -> { }, true, spoilt);
    }
}
