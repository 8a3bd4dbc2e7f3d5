package org.calypsohsm.startup.cards;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * What a startup card tells without its PIN, so that no try is lost on the wrong card: format 1, set 8 bytes, index, and the
 * epoch that it remembers, 8 bytes.
 *
 * @param set   name of the set, 16 hexadecimal digits
 * @param index which of the cards, 1 or more
 * @param epoch epoch of the store when the card saw it last; 0 before
 */
record CardLabel(String set, int index, long epoch) {

    /** Length in bytes. */
    static final int LENGTH = 18;

    private static final byte FORMAT = 1;
    private static final int SET = 8;
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    /**
     * Reads a label.
     *
     * @param data what the card tells
     * @return the label; null if it is none
     */
    static CardLabel decode(byte[] data) {
        if (data.length != LENGTH || data[0] != FORMAT) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(data, 1, LENGTH - 1);
        byte[] id = new byte[SET];
        in.get(id);
        return new CardLabel(HEX.formatHex(id), in.get() & 0xFF, in.getLong());
    }

    byte[] encode() {
        byte[] data = new byte[LENGTH];
        ByteBuffer.wrap(data).put(FORMAT).put(HEX.parseHex(set)).put((byte) index).putLong(epoch);
        return data;
    }

    CardLabel withEpoch(long now) {
        return new CardLabel(set, index, now);
    }
}
