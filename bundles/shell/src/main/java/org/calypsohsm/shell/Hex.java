package org.calypsohsm.shell;

import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Bytes as the documents of Calypso write them. */
final class Hex {

    private Hex() {
    }

    static String of(int value) {
        return String.format(Locale.ROOT, "%02X", value);
    }

    static List<String> of(Collection<Integer> values) {
        return values.stream().map(Hex::of).toList();
    }
}
