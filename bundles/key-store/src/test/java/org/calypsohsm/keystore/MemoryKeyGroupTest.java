package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.junit.jupiter.api.Test;

class MemoryKeyGroupTest {

    private static final int CEILING = 0xFFFFFA;

    /** A key with a given event counter (PAR4). */
    private static SamKey key(int record, int kif, int kvc, int counter) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = (byte) counter;
        return new SamKey(record, kif, kvc, 0x40, parameters, KeyValue.copyOf(new byte[KeyValue.LENGTH]));
    }

    private static KeyGroup group(SamKey... keys) {
        return new MemoryKeyGroup(0, List.of(keys), List.of());
    }

    private static void count(KeyGroup group, SamKey key, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(group.countUse(key)).isTrue();
        }
    }

    @Test
    void findsKeysByRecordAndByKifAndKvc() {
        SamKey first = key(0x01, 0x21, 0x00, 0);
        SamKey last = key(0x7E, 0xFF, 0xFF, 0);
        KeyGroup group = group(first, last);
        assertThat(group.workKeyAt(0x01)).isSameAs(first);
        assertThat(group.workKeyAt(0x7E)).isSameAs(last);
        assertThat(group.workKey(0x21, 0x00)).isSameAs(first);
        assertThat(group.workKey(0xFF, 0xFF)).isSameAs(last);
    }

    @Test
    void hasNoKeyWhereThereIsNone() {
        KeyGroup group = group(key(0x01, 0x21, 0x79, 0));
        for (int record : new int[] {Integer.MIN_VALUE, -1, 0, 2, 0x7E, 0x7F, 0xFF, 0x101, Integer.MAX_VALUE}) {
            assertThat(group.workKeyAt(record)).as("record %X", record).isNull();
        }
        assertThat(group.workKey(0x21, 0x78)).isNull();
        assertThat(group.workKey(0x79, 0x21)).isNull();
        assertThat(group.systemKey(SystemKeyType.RELOADING)).isNull();
    }

    @Test
    void countsUsesOfEachCounterByItself() {
        SamKey first = key(1, 1, 1, 1);
        SamKey alsoFirst = key(2, 2, 2, 1);
        SamKey last = key(3, 3, 3, 26);
        KeyGroup group = group(first, alsoFirst, last);
        count(group, first, 2);
        count(group, alsoFirst, 3);
        count(group, last, 1);
        assertThat(group.eventCounter(1)).isEqualTo(5);
        assertThat(group.eventCounter(26)).isEqualTo(1);
        for (int other = 2; other < 26; other++) {
            assertThat(group.eventCounter(other)).isZero();
        }
        assertThat(group.eventCounter(0)).isZero();
    }

    @Test
    void aKeyWithoutACounterIsNotCounted() {
        SamKey key = key(1, 1, 1, 0);
        KeyGroup group = group(key);
        count(group, key, 100);
        assertThat(group.eventCounter(0)).isZero();
    }

    @Test
    void aKeyWithACounterThatDoesNotExistIsNotUsable() {
        for (int counter : new int[] {27, 0x80, 0xFF}) {
            SamKey key = key(1, 1, 1, counter);
            assertThat(group(key).countUse(key)).as("counter %d", counter).isFalse();
        }
    }

    @Test
    void manyThreadsReachTheCeilingAndNeverPassIt() throws Exception {
        SamKey key = key(1, 1, 1, 7);
        KeyGroup group = group(key);
        int left = 5000;
        for (int i = 0; i < CEILING - left; i++) {
            if (!group.countUse(key)) {
                throw new AssertionError("It stopped at " + group.eventCounter(7));
            }
        }
        assertThat(group.ceiling(7)).isEqualTo(CEILING);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> counted = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                counted.add(threads.submit(() -> {
                    int uses = 0;
                    for (int i = 0; i < left; i++) {
                        uses += group.countUse(key) ? 1 : 0;
                    }
                    return uses;
                }));
            }
            int uses = 0;
            for (Future<Integer> future : counted) {
                uses += future.get();
            }
            assertThat(uses).isEqualTo(left);
        } finally {
            threads.shutdownNow();
        }
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
        assertThat(group.countUse(key)).isFalse();
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
    }

    @Test
    void givesACopyOfItsParameters() {
        KeyGroup group = group();
        byte[] parameters = group.parameters();
        assertThat(parameters).hasSize(KeyGroup.PARAMETERS_LENGTH);
        Arrays.fill(parameters, (byte) 1);
        assertThat(group.parameters()).isEqualTo(new byte[KeyGroup.PARAMETERS_LENGTH]);
    }
}
