package org.calypsohsm.key;

import java.util.List;

/**
 * How far the import of a key by components is.
 *
 * @param components how many components make the key
 * @param given      who gave one so far, in order
 * @param checkValue check value of the component given last, 6 hexadecimal digits: what the custodian compares with the
 *                   form; of the key itself when all components are there
 * @param key        the key, when all components are there; null before
 * @since 1.1
 */
public record KeyImport(int components, List<String> given, String checkValue, SamKey key) {

    /** Keeps a copy of the list. */
    public KeyImport {
        given = List.copyOf(given);
    }

    /** @return true if the key is made */
    public boolean isComplete() {
        return key != null;
    }
}
