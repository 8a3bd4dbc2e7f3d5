package org.calypsohsm.product;

/**
 * A record that came from another SAM.
 *
 * @param record 29 bytes: a key record, ceilings, or parameters; may hold key bytes
 * @param p2     reference that was sealed with it, 0..FF
 */
public record TransferredRecord(byte[] record, int p2) {

    /** Shows the reference only, since the record may hold key bytes. */
    @Override
    public String toString() {
        return String.format("TransferredRecord[p2=%02X]", p2);
    }
}
