package org.calypsohsm.startup.cards;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;

/**
 * What a startup card keeps behind its PIN: format 1, set 8 bytes, threshold, number of cards, index, share 32 bytes, and the
 * first 4 bytes of SHA-256 over all that, which tell a spoiled card.
 */
final class Share {

    /** Length of a record in bytes. */
    static final int LENGTH = 48;

    private static final byte FORMAT = 1;
    private static final int CHECKED = LENGTH - 4;
    private static final int SET = 8;
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private final CardSet set;
    private final int index;
    private final byte[] value;

    /**
     * Makes a share.
     *
     * @param set   the set of cards
     * @param index which of the cards, 1 or more
     * @param value share of the storage key, 32 bytes; kept, and overwritten by {@link #wipe()}
     */
    Share(CardSet set, int index, byte[] value) {
        if (index < 1 || index > set.cards() || value.length != LockedStore.STORAGE_KEY_LENGTH) {
            throw new IllegalArgumentException("There is no such share.");
        }
        this.set = set;
        this.index = index;
        this.value = value;
    }

    /**
     * Reads a record.
     *
     * @param record what the card keeps
     * @return the share; null if the record is spoiled
     */
    static Share decode(byte[] record) {
        if (record.length != LENGTH || record[0] != FORMAT || !MessageDigest.isEqual(check(record), Arrays.copyOfRange(record, CHECKED, LENGTH))) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(record, 1, CHECKED - 1);
        byte[] id = new byte[SET];
        in.get(id);
        byte[] value = new byte[LockedStore.STORAGE_KEY_LENGTH];
        try {
            CardSet set = new CardSet(HEX.formatHex(id), in.get() & 0xFF, in.get() & 0xFF);
            int index = in.get() & 0xFF;
            in.get(value);
            return new Share(set, index, value);
        } catch (IllegalArgumentException e) {
            // Whoever wrote it can compute the check, but knows no set like this.
            Arrays.fill(value, (byte) 0);
            return null;
        }
    }

    /** @return the record; the caller overwrites it */
    byte[] encode() {
        byte[] record = new byte[LENGTH];
        ByteBuffer.wrap(record).put(FORMAT).put(HEX.parseHex(set.id())).put((byte) set.threshold()).put((byte) set.cards())
                .put((byte) index).put(value);
        System.arraycopy(check(record), 0, record, CHECKED, LENGTH - CHECKED);
        return record;
    }

    private static byte[] check(byte[] record) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(record, 0, CHECKED);
            return Arrays.copyOf(digest.digest(), LENGTH - CHECKED);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256.", e);
        }
    }

    CardSet set() {
        return set;
    }

    int index() {
        return index;
    }

    /** @return the share itself, not a copy */
    byte[] value() {
        return value;
    }

    void wipe() {
        Arrays.fill(value, (byte) 0);
    }

    @Override
    public String toString() {
        return "share " + index + " of set " + set.id();
    }
}
