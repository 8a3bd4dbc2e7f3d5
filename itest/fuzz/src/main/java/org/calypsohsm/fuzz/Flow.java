package org.calypsohsm.fuzz;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A flow: the commands that do one thing, in their order. */
final class Flow {

    /** What a flow does, and how often it is chosen in relation to others. */
    enum Kind {
        SALE(14), SALE_GROUPED(4), SALE_BY_RECORD(3), EXTENDED_SESSION(6), PIN(5), PIN_IN_SESSION(3), CARD_KEYS(3), STORED_VALUE(6),
        STORED_VALUE_IN_SESSION(3), SIGNATURE(6), BUSY_SIGNATURE(2), DATA_CIPHER(3), MAC(2), PARAMETERS(2), CEILINGS(3), CEILING(2),
        STATIC_CEILINGS(2), STATIC_WORK_KEY(1), CAAD_RECORD(1), WORK_KEY(2), SYSTEM_KEY(2), LOCK(1), PLAIN_KEY(1), PLAIN_LOCK(1),
        CAAD_TRANSFER(1), STATIC_UNLOCK(2), DYNAMIC_UNLOCK(2), RESET(1), READS(8), UNUSABLE_KEYS(2), PUBLIC_KEYS(2), GET_RESPONSE(1),
        ANY_COMMANDS(6), NOISE(5);

        final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    final Kind kind;
    final List<Step> steps = new ArrayList<>();
    private final ArrayDeque<Step> left = new ArrayDeque<>();
    boolean right = true;

    Flow(Kind kind) {
        this.kind = kind;
    }

    void send(Sam sam, Supplier<byte[]> command) {
        send(sam, command, data -> { });
    }

    void send(Sam sam, Supplier<byte[]> command, Consumer<byte[]> answer) {
        steps.add(new Step(sam, command, answer, false, false));
    }

    /** Adds a command after which the flow goes on whatever is answered. */
    void sendAnyway(Sam sam, Supplier<byte[]> command) {
        steps.add(new Step(sam, command, data -> { }, true, false));
    }

    /** Adds something that is done without a command. */
    void act(Sam sam, Runnable action) {
        send(sam, () -> {
            action.run();
            return null;
        });
    }

    void begin() {
        left.addAll(steps);
    }

    /** @return null at the end */
    Step next() {
        return left.poll();
    }

    void end() {
        left.clear();
    }
}
