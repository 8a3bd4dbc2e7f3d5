package org.calypsohsm.key;

import java.util.Arrays;

/**
 * What a key to be made will be, but for its value. Source: sam-s1-apdu.md sections 4.1 and 4.2.
 *
 * @param kif        key identifier, 0..FF; a KIF of {@link SystemKeyType} together with {@code system} makes that system key
 * @param kvc        key version and category, 0..FF
 * @param alg        algorithm code, 0..FF
 * @param parameters PAR1 to PAR10, 10 bytes; copied
 * @param system     true for a system key: it takes the place of the one of its type
 * @since 1.1
 */
public record KeyTemplate(int kif, int kvc, int alg, byte[] parameters, boolean system) {

    /** Checks the ranges, and keeps a copy of the parameters. */
    public KeyTemplate {
        for (int number : new int[] {kif, kvc, alg}) {
            if (number < 0 || number > 0xFF) {
                throw new IllegalArgumentException("KIF, KVC and ALG are one byte each, not " + number + ".");
            }
        }
        if (parameters.length != SamKey.PARAMETERS) {
            throw new IllegalArgumentException("A key has " + SamKey.PARAMETERS + " parameter bytes, not " + parameters.length + ".");
        }
        parameters = parameters.clone();
        if (system && systemType(kif) == null) {
            throw new IllegalArgumentException(String.format("A system key has KIF E1, FD, E7 or FA, not %02X.", kif));
        }
    }

    private static SystemKeyType systemType(int kif) {
        return Arrays.stream(SystemKeyType.values()).filter(type -> type.kif() == kif).findFirst().orElse(null);
    }

    /** @return which system key it is; null if it is a work key */
    public SystemKeyType systemType() {
        return system ? systemType(kif) : null;
    }

    @Override
    public byte[] parameters() {
        return parameters.clone();
    }

    /** Compares the content of the parameters, too. */
    @Override
    public boolean equals(Object other) {
        return other instanceof KeyTemplate that && kif == that.kif && kvc == that.kvc && alg == that.alg
                && system == that.system && Arrays.equals(parameters, that.parameters);
    }

    @Override
    public int hashCode() {
        return (kif << 16 | kvc << 8 | alg) * 31 + Arrays.hashCode(parameters);
    }

    @Override
    public String toString() {
        return String.format("%s key KIF %02X KVC %02X ALG %02X", system ? "system" : "work", kif, kvc, alg);
    }
}
