package org.calypsohsm.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HexFormat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyValueTest {

    private static final byte[] SECRET = HexFormat.of().parseHex("A1B2C3D4E5F60718293A4B5C6D7E8F90");

    @Test
    void keepsACopyAndGivesACopy() {
        byte[] bytes = SECRET.clone();
        KeyValue value = KeyValue.copyOf(bytes);
        Arrays.fill(bytes, (byte) 0);
        assertThat(value.revealKeyBytes()).isEqualTo(SECRET);
        Arrays.fill(value.revealKeyBytes(), (byte) 0);
        assertThat(value.revealKeyBytes()).isEqualTo(SECRET);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 15, 17, 24, 32})
    void hasSixteenBytes(int length) {
        assertThatIllegalArgumentException().isThrownBy(() -> KeyValue.copyOf(new byte[length]))
                .withMessage("A key value has 16 bytes, not " + length + ".");
    }

    @Test
    void neverShowsItsBytes() {
        KeyValue value = KeyValue.copyOf(SECRET);
        assertThat(value).hasToString("KeyValue[secret]");
        assertThat(new SamKey(1, 2, 3, 4, new byte[SamKey.PARAMETERS], value).toString().toUpperCase())
                .doesNotContain("A1").doesNotContain("8F90");
        // A hash that depends on the secret would tell values apart.
        assertThat(value.hashCode()).isEqualTo(KeyValue.copyOf(new byte[16]).hashCode());
    }

    @Test
    void equalsOnlyTheSameSixteenBytes() {
        KeyValue value = KeyValue.copyOf(SECRET);
        assertThat(value).isEqualTo(KeyValue.copyOf(SECRET)).isNotEqualTo(null).isNotEqualTo(SECRET);
        for (int bit = 0; bit < 128; bit++) {
            byte[] other = SECRET.clone();
            other[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(value).as("bit %d", bit).isNotEqualTo(KeyValue.copyOf(other));
        }
    }

    @Test
    void destroyOverwritesTheBytes() {
        KeyValue value = KeyValue.copyOf(SECRET);
        KeyValue copy = KeyValue.copyOf(value.revealKeyBytes());
        value.destroy();
        assertThat(value.revealKeyBytes()).isEqualTo(new byte[16]);
        assertThat(copy.revealKeyBytes()).isEqualTo(SECRET);
    }
}
