package org.calypsohsm.itest.keyple.adapter;

import java.util.HexFormat;

import org.calypsohsm.card.Card;

/** A reader with a simulated card in its field. */
public class SimulatedCardReader extends InsertedCardReader {

    private final Card card;
    private final boolean contactless;

    /**
     * Makes the reader.
     *
     * @param name        unique name of the reader
     * @param card        the card
     * @param contactless true if Keyple must ratify by a command of its own
     */
    public SimulatedCardReader(String name, Card card, boolean contactless) {
        super(name);
        this.card = card;
        this.contactless = contactless;
    }

    @Override
    public final void closePhysicalChannel() {
        super.closePhysicalChannel();
        card.deselect();
    }

    @Override
    public final boolean checkCardPresence() {
        return true;
    }

    @Override
    public final String getPowerOnData() {
        return HexFormat.of().withUpperCase().formatHex(card.powerOnData());
    }

    @Override
    public byte[] transmitApdu(byte[] apdu) {
        return card.transmit(apdu);
    }

    @Override
    public final boolean isContactless() {
        return contactless;
    }
}
