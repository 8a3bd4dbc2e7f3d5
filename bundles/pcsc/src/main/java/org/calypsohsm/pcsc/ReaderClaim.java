package org.calypsohsm.pcsc;

/**
 * A reader that one part of this process has taken. The JDK gives everybody in the process the same connection to a card, so
 * that a second user would talk on the channels of the first, and reset its card on leaving. System properties are the one
 * place that bundles with a copy of this class each have in common.
 */
public final class ReaderClaim implements AutoCloseable {

    private static final String PREFIX = "org.calypsohsm.pcsc.reader.";

    private final String key;
    private final String owner;

    private ReaderClaim(String key, String owner) {
        this.key = key;
        this.owner = owner;
    }

    /**
     * Takes a reader.
     *
     * @param reader its name
     * @param owner  who takes it, for a message
     * @return the claim, to be closed; null if somebody has it already
     */
    public static ReaderClaim take(String reader, String owner) {
        String key = PREFIX + reader;
        return System.getProperties().putIfAbsent(key, owner) == null ? new ReaderClaim(key, owner) : null;
    }

    /**
     * Tells who has a reader.
     *
     * @param reader its name
     * @return the owner; null if it is free
     */
    public static String owner(String reader) {
        return System.getProperty(PREFIX + reader);
    }

    /** Gives the reader back. Closing twice is harmless. */
    @Override
    public void close() {
        System.getProperties().remove(key, owner);
    }
}
