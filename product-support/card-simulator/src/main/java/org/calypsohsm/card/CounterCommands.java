package org.calypsohsm.card;

import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.card.ElementaryFile.Group;
import org.calypsohsm.card.ElementaryFile.Type;

/** Increase and Decrease, of one counter or of several. Source: calypso-card.md section b. */
final class CounterCommands {

    private static final int LENGTH = ElementaryFile.COUNTER_LENGTH;
    private static final int MAX = 0xFF_FFFF;
    /** Counter number and amount. */
    private static final int ITEM = 1 + LENGTH;

    private CounterCommands() {
    }

    static byte[] increase(CardState card, CommandApdu command) {
        return one(card, command, Group.APPEND_INCREASE);
    }

    static byte[] decrease(CardState card, CommandApdu command) {
        return one(card, command, Group.WRITE_DECREASE);
    }

    private static byte[] one(CardState card, CommandApdu command, Group group) {
        if (command.lc() != LENGTH) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        ElementaryFile file = counters(card, command);
        checkCounter(file, command.p1());
        card.checkModifiable(file, group);
        int value = newValue(card.image().counter(file, command.p1()), amount(command, 0), group);
        card.modify(file, group, command.lc()).setCounter(file, command.p1(), value);
        byte[] answer = {(byte) (value >> 16), (byte) (value >> 8), (byte) value};
        if (card.session() != null && card.product.postponesCounters()) {
            card.session().postpone(answer);
            return CardStatus.response(CardStatus.POSTPONED);
        }
        return CardStatus.response(answer, CardStatus.OK);
    }

    static byte[] increaseMultiple(CardState card, CommandApdu command) {
        return several(card, command, Group.APPEND_INCREASE);
    }

    static byte[] decreaseMultiple(CardState card, CommandApdu command) {
        return several(card, command, Group.WRITE_DECREASE);
    }

    private static byte[] several(CardState card, CommandApdu command, Group group) {
        if (command.p1() != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        if (command.lc() == 0 || command.lc() % ITEM != 0) {
            throw new Refusal(CardStatus.WRONG_LENGTH);
        }
        ElementaryFile file = counters(card, command);
        card.checkModifiable(file, group);
        // On a copy first: one counter that overflows must leave the others as they are.
        FileImage trial = card.image().copy();
        byte[] answer = Arrays.copyOfRange(command.bytes(), command.dataOffset(), command.dataOffset() + command.lc());
        for (int i = 0; i < answer.length; i += ITEM) {
            int counter = command.data(i);
            checkCounter(file, counter);
            int value = newValue(trial.counter(file, counter), amount(command, i + 1), group);
            trial.setCounter(file, counter, value);
            answer[i + 1] = (byte) (value >> 16);
            answer[i + 2] = (byte) (value >> 8);
            answer[i + 3] = (byte) value;
        }
        card.modify(file, group, command.lc()).update(file, 1, trial.record(file, 1), 0, ElementaryFile.RECORD_LENGTH);
        return CardStatus.response(answer, CardStatus.OK);
    }

    private static ElementaryFile counters(CardState card, CommandApdu command) {
        if ((command.p2() & 0x07) != 0) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
        ElementaryFile file = card.file(command.p2() >> 3);
        if (file.type != Type.COUNTERS) {
            throw new Refusal(CardStatus.WRONG_FILE_TYPE);
        }
        return file;
    }

    private static void checkCounter(ElementaryFile file, int counter) {
        if (counter < 1 || counter > file.counters()) {
            throw new Refusal(CardStatus.WRONG_PARAMETER);
        }
    }

    private static int amount(CommandApdu command, int at) {
        return command.data(at) << 16 | command.data(at + 1) << 8 | command.data(at + 2);
    }

    private static int newValue(int value, int amount, Group group) {
        int result = group == Group.WRITE_DECREASE ? value - amount : value + amount;
        if (result < 0 || result > MAX) {
            throw new Refusal(CardStatus.WRONG_DATA);
        }
        return result;
    }
}
