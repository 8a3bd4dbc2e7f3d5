package org.calypsohsm.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamKeyTest {

    private static final KeyValue VALUE = KeyValue.copyOf(new byte[KeyValue.LENGTH]);
    private static final byte[] PARAMETERS = {(byte) 0x81, 2, 3, (byte) 0xFF, 5, 6, 7, 8, 9, 10};

    private static SamKey key(int reference, int kif, int kvc, int alg) {
        return new SamKey(reference, kif, kvc, alg, PARAMETERS, VALUE);
    }

    @Test
    void keepsWhatItIsMadeOf() {
        SamKey key = key(0x7E, 0x21, 0xFE, 0xFF);
        assertThat(key.reference()).isEqualTo(0x7E);
        assertThat(key.kif()).isEqualTo(0x21);
        assertThat(key.kvc()).isEqualTo(0xFE);
        assertThat(key.alg()).isEqualTo(0xFF);
        assertThat(key.parameter(1)).isEqualTo(0x81);
        assertThat(key.parameter(10)).isEqualTo(10);
        assertThat(key.eventCounter()).isEqualTo(0xFF);
        assertThat(key.value()).isSameAs(VALUE);
        assertThat(key).hasToString("key KIF 21 KVC FE ALG FF in record 7E");
    }

    @Test
    void writesItsReadableBytes() {
        byte[] target = new byte[15];
        Arrays.fill(target, (byte) 0x55);
        key(1, 0x21, 0xFE, 0x40).copyReadable(target, 1);
        assertThat(target).containsExactly(0x55, 0x21, 0xFE, 0x40, 0x81, 2, 3, 0xFF, 5, 6, 7, 8, 9, 10, 0x55);
    }

    @Test
    void keepsACopyOfTheParameters() {
        byte[] parameters = PARAMETERS.clone();
        SamKey key = new SamKey(1, 1, 1, 1, parameters, VALUE);
        parameters[0] = 0;
        assertThat(key.parameter(1)).isEqualTo(0x81);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 256, Integer.MAX_VALUE})
    void takesOnlyBytes(int number) {
        assertThatIllegalArgumentException().isThrownBy(() -> key(number, 0, 0, 0))
                .withMessage("The record reference of a key is one byte, not " + number + ".");
        assertThatIllegalArgumentException().isThrownBy(() -> key(0, number, 0, 0)).withMessageContaining("KIF");
        assertThatIllegalArgumentException().isThrownBy(() -> key(0, 0, number, 0)).withMessageContaining("KVC");
        assertThatIllegalArgumentException().isThrownBy(() -> key(0, 0, 0, number)).withMessageContaining("ALG");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 11})
    void takesTenParameters(int length) {
        assertThatIllegalArgumentException().isThrownBy(() -> new SamKey(1, 1, 1, 1, new byte[length], VALUE))
                .withMessage("A key has 10 parameter bytes, not " + length + ".");
    }

    @Test
    void theFourSystemKeysHaveTheirReferences() {
        assertThat(Arrays.stream(SystemKeyType.values()).map(SystemKeyType::reference)).containsExactly(0xC1, 0xC2, 0xC3, 0xC4);
        assertThat(Arrays.stream(SystemKeyType.values()).map(SystemKeyType::kif)).containsExactly(0xE1, 0xFD, 0xE7, 0xFA);
    }
}
