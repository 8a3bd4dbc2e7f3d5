package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StorageKeyTest {

    private final StorageKey key = key(1);

    private static StorageKey key(int first) {
        byte[] bytes = new byte[32];
        bytes[0] = (byte) first;
        return new StorageKey(bytes);
    }

    @Property(tries = 100)
    void opensWhatItSealed(@ForAll @Size(max = 300) byte[] record) {
        assertThat(key.open("a", key.seal("a", record))).isEqualTo(record);
    }

    @Property(tries = 100)
    void refusesARecordOfWhichOneBitWasChanged(@ForAll @IntRange(max = 48) int at, @ForAll @IntRange(max = 7) int bit) {
        byte[] sealed = key.seal("a", new byte[20]);
        assertThat(sealed).hasSize(49);
        sealed[at] ^= (byte) (1 << bit);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> key.open("a", sealed)).withMessageContaining("record a");
    }

    @Test
    void refusesARecordUnderAnotherNameOrKey() {
        byte[] sealed = key.seal("group/1", new byte[20]);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> key.open("group/2", sealed));
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> key(2).open("group/1", sealed));
    }

    @Test
    void refusesWhatIsNoSealedRecord() {
        for (byte[] wrong : new byte[][] {{}, {1}, new byte[13], new byte[100]}) {
            assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> key.open("a", wrong));
        }
    }

    @Test
    void neverSealsTheSameWayTwiceAndShowsNothingOfTheRecord() {
        byte[] record = "a secret that must not be seen".getBytes(StandardCharsets.US_ASCII);
        byte[] sealed = key.seal("a", record);
        assertThat(sealed).isNotEqualTo(key.seal("a", record));
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    }

    @Test
    void takes256BitsOnly() {
        assertThatIllegalArgumentException().isThrownBy(() -> new StorageKey(new byte[16]));
    }
}
