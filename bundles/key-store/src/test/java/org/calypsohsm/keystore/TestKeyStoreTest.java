package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.annotation.Annotation;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.IntStream;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.junit.jupiter.api.Test;

class TestKeyStoreTest {

    private static TestKeyStore store(int... groups) {
        return new TestKeyStore(new TestKeyStore.Config() {
            @Override
            public int[] groups() {
                return groups;
            }

            @Override
            public Class<? extends Annotation> annotationType() {
                return TestKeyStore.Config.class;
            }
        });
    }

    @Test
    void hasTheConfiguredGroups() {
        TestKeyStore store = store(0, 7, 1000);
        assertThat(store.keyGroups()).containsExactlyInAnyOrder(0, 7, 1000);
        assertThat(store.keyGroup(7).number()).isEqualTo(7);
        assertThat(store.keyGroup(1)).isNull();
        assertThat(store.keyGroup(-1)).isNull();
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> store.keyGroups().add(1));
    }

    @Test
    void hasGroup0ByDefault() throws NoSuchMethodException {
        assertThat((int[]) TestKeyStore.Config.class.getMethod("groups").getDefaultValue()).containsExactly(0);
    }

    @Test
    void saysWhichGroupNumberIsWrong() {
        assertThatIllegalArgumentException().isThrownBy(() -> store(0, -3))
                .withMessage("Key store: a key group is numbered from 0, not -3; correct org.calypsohsm.keystore.test groups.");
    }

    @Test
    void hasSixWorkKeysForEachAlgorithm() {
        KeyGroup group = store(0).keyGroup(0);
        for (int alg : new int[] {0x20, 0x30, 0x40, 0x50}) {
            for (int kif : new int[] {0x21, 0x27, 0x30, 0x01, 0x07, 0x10}) {
                SamKey key = group.workKey(kif, alg + 9);
                assertThat(key.kif()).isEqualTo(kif);
                assertThat(key.kvc()).isEqualTo(alg + 9);
                assertThat(key.alg()).isEqualTo(alg);
                assertThat(group.workKeyAt(key.reference())).isSameAs(key);
            }
        }
        assertThat(IntStream.rangeClosed(1, KeyGroup.LAST_WORK_KEY_RECORD).filter(record -> group.workKeyAt(record) != null))
                .hasSize(24);
    }

    @Test
    void hasTheFourSystemKeys() {
        KeyGroup group = store(0).keyGroup(0);
        for (SystemKeyType type : SystemKeyType.values()) {
            SamKey key = group.systemKey(type);
            assertThat(key.kif()).as(type.name()).isEqualTo(type.kif());
            assertThat(key.reference()).isEqualTo(type.reference());
            assertThat(key.alg()).isEqualTo(0x40);
            assertThat(key.kvc()).isEqualTo(0xFF);
        }
    }

    @Test
    void noTwoKeysHaveTheSameValue() {
        TestKeyStore store = store(0, 1);
        Set<String> values = new HashSet<>();
        int keys = 0;
        for (int number : new int[] {0, 1}) {
            KeyGroup group = store.keyGroup(number);
            for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
                if (group.workKeyAt(record) != null) {
                    values.add(hex(group.workKeyAt(record).value()));
                    keys++;
                }
            }
            for (SystemKeyType type : SystemKeyType.values()) {
                values.add(hex(group.systemKey(type).value()));
                keys++;
            }
        }
        assertThat(keys).isEqualTo(2 * 28);
        assertThat(values).hasSize(keys);
    }

    private static String hex(KeyValue value) {
        return HexFormat.of().formatHex(value.revealKeyBytes());
    }

    @Test
    void groupsCountByThemselves() {
        TestKeyStore store = store(0, 1);
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = 4;
        SamKey key = new SamKey(1, 1, 1, 0x40, parameters, KeyValue.copyOf(new byte[KeyValue.LENGTH]));
        assertThat(store.keyGroup(0).countUse(key)).isEqualTo(1);
        assertThat(store.keyGroup(0).eventCounter(4)).isEqualTo(1);
        assertThat(store.keyGroup(1).eventCounter(4)).isZero();
    }
}
