package org.calypsohsm.sam;

import java.lang.reflect.Array;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Reads the service property that lists ALG codes: a number, or an array of numbers of any type. */
final class AlgProperty {

    private AlgProperty() {
    }

    /** @return the codes within 0..FF; others are left out, since no key can name them */
    static int[] read(Object property) {
        if (property instanceof Number number) {
            return LongStream.of(number.longValue()).filter(AlgProperty::isByte).mapToInt(alg -> (int) alg).toArray();
        }
        if (property == null || !property.getClass().isArray()) {
            return new int[0];
        }
        return IntStream.range(0, Array.getLength(property))
                .mapToObj(i -> Array.get(property, i))
                .filter(Number.class::isInstance)
                .mapToLong(number -> ((Number) number).longValue())
                .filter(AlgProperty::isByte)
                .mapToInt(alg -> (int) alg)
                .toArray();
    }

    private static boolean isByte(long alg) {
        return alg >= 0 && alg <= 0xFF;
    }
}
