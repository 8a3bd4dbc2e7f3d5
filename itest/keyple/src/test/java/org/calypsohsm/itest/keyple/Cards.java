package org.calypsohsm.itest.keyple;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardBuilder;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;

/** The customers' cards of the tests, and what is on them. */
final class Cards {

    static final byte ENVIRONMENT = CardCommands.SFI_ENVIRONMENT;
    static final byte EVENTS = CardCommands.SFI_EVENTS;
    static final byte CONTRACTS = CardCommands.SFI_CONTRACTS;
    static final byte COUNTERS = CardCommands.SFI_COUNTERS;
    static final int LOADED = 1;
    static final int SPENT = 2;
    static final byte[] HOLDER = record("environment of the holder");
    static final byte[] OLD_CONTRACT = record("ten journeys");
    static final byte[] NEW_CONTRACT = record("season ticket");
    static final byte[] SALE = record("sold at the desk");
    static final byte[] ENTRY = record("entry at the gate");

    private Cards() {
    }

    static Card card(CardProduct product, int keyGroup, long serialNumber) {
        return builder(product, keyGroup).serialNumber(serialNumber).build();
    }

    /** A holder, a contract, and 100 units in the two counters. */
    static CardBuilder builder(CardProduct product, int keyGroup) {
        return Card.builder(product).keyGroup(keyGroup)
                .record(ENVIRONMENT, 1, HOLDER)
                .record(CONTRACTS, 1, OLD_CONTRACT)
                .counter(LOADED, 100)
                .counter(SPENT, 100);
    }

    static byte[] record(String text) {
        return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), CardCommands.RECORD_LENGTH);
    }
}
