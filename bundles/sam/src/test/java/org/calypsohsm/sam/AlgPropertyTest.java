package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AlgPropertyTest {

    static Stream<Arguments> properties() {
        return Stream.of(
                Arguments.of(new int[] {0x20, 0xFF, 0}, new int[] {0x20, 0xFF, 0}),
                Arguments.of(new Integer[] {0x20, 0x30}, new int[] {0x20, 0x30}),
                Arguments.of(new long[] {0x20}, new int[] {0x20}),
                Arguments.of(new Long[] {0x20L, null, 0x100000020L}, new int[] {0x20}),
                Arguments.of(new byte[] {0x20, -1}, new int[] {0x20}),
                Arguments.of(new Object[] {0x20, "30", 0x40L}, new int[] {0x20, 0x40}),
                Arguments.of(new int[] {-1, 0x100}, new int[0]),
                Arguments.of(0x50, new int[] {0x50}),
                Arguments.of(0x50L, new int[] {0x50}),
                Arguments.of(0x100000050L, new int[0]),
                Arguments.of(-1, new int[0]),
                Arguments.of("50", new int[0]),
                Arguments.of(null, new int[0]));
    }

    @ParameterizedTest
    @MethodSource("properties")
    void readsTheCodesWithinOneByte(Object property, int[] algs) {
        assertThat(AlgProperty.read(property)).containsExactly(algs);
    }
}
