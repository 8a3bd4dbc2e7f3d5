package org.calypsohsm.sam;

import org.calypsohsm.product.TransferredRecord;

/** Checks what a security plugin gave, so that one that breaks its contract costs a session, not more. */
final class FromPlugin {

    private FromPlugin() {
    }

    /**
     * Checks a result.
     *
     * @return the result
     * @throws IllegalStateException if it is missing or has another length: the virtual SAM then answers 6985
     */
    static byte[] bytes(byte[] result, int length) {
        if (result == null || result.length != length) {
            throw new IllegalStateException("The security plugin gave " + (result == null ? "nothing" : result.length + " bytes")
                    + " where " + length + " bytes are due.");
        }
        return result;
    }

    /** As {@link #bytes}, for a record that was opened. */
    static TransferredRecord record(TransferredRecord opened, int length) {
        if (opened == null) {
            throw new IllegalStateException("The security plugin gave nothing where a record is due.");
        }
        bytes(opened.record(), length);
        return opened;
    }
}
