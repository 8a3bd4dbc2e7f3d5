package org.calypsohsm.keystore;

import java.util.List;

/** Records by name, opened: those of the store, or of a backup. */
public interface Records {

    /**
     * Reads a record.
     *
     * @param name which one
     * @return the record, a new array; null if there is none of this name
     * @throws KeyStoreException if it was changed, or sealed under another storage key
     */
    byte[] get(String name);

    /**
     * Lists records.
     *
     * @param prefix how their names begin
     * @return their names, in order
     */
    List<String> names(String prefix);
}
