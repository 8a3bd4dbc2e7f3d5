package org.calypsohsm.key;

/**
 * A work key or system key of a SAM: 13 readable bytes (KIF, KVC, ALG, PAR1 to PAR10) and the secret value.
 * Source: sam-s1-apdu.md section 4.1.
 */
public final class SamKey {

    /** Length of the readable part in bytes. */
    public static final int READABLE_LENGTH = 13;
    /** Number of parameter bytes, PAR1 to PAR10. */
    public static final int PARAMETERS = 10;

    private final int reference;
    private final byte[] readable;
    private final KeyValue value;
    private final boolean usable;

    /**
     * Makes a usable key.
     *
     * @param reference  the record reference: 01..7E for a work key, C1..C4 for a system key
     * @param kif        key identifier, 0..FF
     * @param kvc        key version and category, 0..FF
     * @param alg        algorithm code, 0..FF: it chooses the security plugin
     * @param parameters PAR1 to PAR10, 10 bytes; copied
     * @param value      the secret value
     * @throws IllegalArgumentException if a number or the length of the parameters is out of range
     */
    public SamKey(int reference, int kif, int kvc, int alg, byte[] parameters, KeyValue value) {
        this(reference, kif, kvc, alg, parameters, value, true);
    }

    private SamKey(int reference, int kif, int kvc, int alg, byte[] parameters, KeyValue value, boolean usable) {
        if (parameters.length != PARAMETERS) {
            throw new IllegalArgumentException("A key has " + PARAMETERS + " parameter bytes, not " + parameters.length + ".");
        }
        this.reference = byteValue("record reference", reference);
        this.readable = new byte[READABLE_LENGTH];
        readable[0] = (byte) byteValue("KIF", kif);
        readable[1] = (byte) byteValue("KVC", kvc);
        readable[2] = (byte) byteValue("ALG", alg);
        System.arraycopy(parameters, 0, readable, 3, PARAMETERS);
        this.value = value;
        this.usable = usable;
    }

    /** @return the same key, invalidated: it is there and can be read, but no command may use it */
    public SamKey invalidated() {
        byte[] parameters = new byte[PARAMETERS];
        System.arraycopy(readable, 3, parameters, 0, PARAMETERS);
        return new SamKey(reference, kif(), kvc(), alg(), parameters, value, false);
    }

    /** @return false if the key was invalidated */
    public boolean isUsable() {
        return usable;
    }

    private static int byteValue(String what, int number) {
        if (number < 0 || number > 0xFF) {
            throw new IllegalArgumentException("The " + what + " of a key is one byte, not " + number + ".");
        }
        return number;
    }

    /** @return the record reference: 01..7E for a work key, C1..C4 for a system key */
    public int reference() {
        return reference;
    }

    /** @return the key identifier (KIF), 0..FF */
    public int kif() {
        return readable[0] & 0xFF;
    }

    /** @return the key version and category (KVC), 0..FF */
    public int kvc() {
        return readable[1] & 0xFF;
    }

    /** @return the algorithm code (ALG), 0..FF */
    public int alg() {
        return readable[2] & 0xFF;
    }

    /**
     * Reads a parameter byte.
     *
     * @param number 1 to 10, as in PAR1 to PAR10
     * @return the byte, 0..FF
     */
    public int parameter(int number) {
        return readable[2 + number] & 0xFF;
    }

    /** @return the number of the event counter that each use of this key raises (PAR4), 1..26; 0 if there is none */
    public int eventCounter() {
        return parameter(4);
    }

    /**
     * Writes the 13 readable bytes.
     *
     * @param target where to
     * @param offset from which offset
     */
    public void copyReadable(byte[] target, int offset) {
        System.arraycopy(readable, 0, target, offset, READABLE_LENGTH);
    }

    /** @return the secret value */
    public KeyValue value() {
        return value;
    }

    @Override
    public String toString() {
        return String.format("key KIF %02X KVC %02X ALG %02X in record %02X", kif(), kvc(), alg(), reference);
    }
}
