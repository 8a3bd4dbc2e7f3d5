package org.calypsohsm.provider.sams20pcsc;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

import javax.smartcardio.CardException;

import org.calypsohsm.module.ModuleState;

/**
 * What a card says of itself, data object 0120 (product-support/sam-s20-simulator/COMMANDS.md).
 *
 * @param state        OPERATIONAL, LOCKED, FAILED or END_OF_LIFE
 * @param serialNumber 4 bytes, as one number
 * @param used         operations used up
 * @param lifetime     operations until its end of life
 * @param keyGroups    numbers of its key groups
 */
record CardStatus(ModuleState state, int serialNumber, long used, long lifetime, Set<Integer> keyGroups) {

    private static final int LAYOUT = 1;
    private static final int[] WARN_AT_PERCENT = {95, 90, 80};
    private static final int PERCENT = 100;

    /**
     * Reads an answer.
     *
     * @param answer the response data, without status word
     * @throws CardException if it is none
     */
    static CardStatus of(ByteBuffer answer) throws CardException {
        try {
            if (answer.get() != LAYOUT) {
                throw new CardException("its status has an unknown layout");
            }
            ModuleState state = switch (answer.get()) {
                case 0 -> ModuleState.OPERATIONAL;
                case 1 -> ModuleState.LOCKED;
                case 2 -> ModuleState.FAILED;
                case 3 -> ModuleState.END_OF_LIFE;
                default -> throw new CardException("its status names an unknown state");
            };
            answer.get();
            int serialNumber = answer.getInt();
            long used = Integer.toUnsignedLong(answer.getInt());
            long lifetime = Integer.toUnsignedLong(answer.getInt());
            Set<Integer> groups = new TreeSet<>();
            for (int left = answer.get() & 0xFF; left > 0; left--) {
                groups.add(answer.getShort() & 0xFFFF);
            }
            return new CardStatus(state, serialNumber, used, lifetime, Set.copyOf(groups));
        } catch (BufferUnderflowException e) {
            throw new CardException("its status is cut off", e);
        }
    }

    /** @return the highest warning level reached, in percent of the lifetime; 0 if none is */
    int warning() {
        for (int percent : WARN_AT_PERCENT) {
            if (used * PERCENT >= lifetime * percent) {
                return percent;
            }
        }
        return 0;
    }
}
