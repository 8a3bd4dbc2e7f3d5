package org.calypsohsm.product;

/** A sealed record could not be opened: {@link #reason()} says which check failed. */
public class TransferException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Which check failed; each has a status word of its own. */
    public enum Reason {
        /** The frame inside the block is not that of a record: status word 6A80. */
        BAD_CONTENT,
        /** The checksum of the block is wrong: status word 6988. */
        BAD_SIGNATURE
    }

    private final Reason reason;

    /**
     * Makes the exception.
     *
     * @param reason  which check failed
     * @param message what failed, without any of the data
     */
    public TransferException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** @return which check failed */
    public Reason reason() {
        return reason;
    }
}
