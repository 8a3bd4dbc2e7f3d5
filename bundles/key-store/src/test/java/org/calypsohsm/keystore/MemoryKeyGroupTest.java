package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;

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
    void countsUpToTheCeilingAndNoFurther() {
        SamKey key = key(1, 1, 1, 7);
        KeyGroup group = group(key);
        for (int i = 0; i < CEILING; i++) {
            if (!group.countUse(key)) {
                throw new AssertionError("It stopped at " + group.eventCounter(7));
            }
        }
        assertThat(group.ceiling(7)).isEqualTo(CEILING);
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
        assertThat(group.countUse(key)).isFalse();
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
    }

    @Test
    void countsEachUseOfManyThreadsOnce() throws Exception {
        SamKey key = key(1, 1, 1, 7);
        KeyGroup group = group(key);
        inTwoThreads(main -> {
            for (int i = 0; i < 200_000; i++) {
                group.countUse(key);
            }
        });
        assertThat(group.eventCounter(7)).isEqualTo(400_000);
    }

    @Test
    void givesTheLastUseBelowTheCeilingToOneOfTwoThreads() throws Exception {
        int rounds = 10_000;
        SamKey key = key(1, 1, 1, 7);
        KeyGroup group = group(key);
        AtomicIntegerArray counters = countersOf(group);
        AtomicInteger given = new AtomicInteger();
        AtomicInteger arrived = new AtomicInteger();
        inTwoThreads(main -> {
            for (int meeting = 0; meeting < 2 * rounds; meeting += 2) {
                if (main) {
                    counters.set(7, CEILING - 1);
                }
                meet(arrived, meeting);
                given.addAndGet(group.countUse(key) ? 1 : 0);
                meet(arrived, meeting + 1);
            }
        });
        assertThat(given).hasValue(rounds);
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
    }

    private static void meet(AtomicInteger arrived, int meeting) {
        arrived.incrementAndGet();
        for (int spins = 0; arrived.get() < 2 * (meeting + 1); spins++) {
            // Close together as long as both run, and out of the way of other processes otherwise.
            if (spins < 1000) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    private static void inTwoThreads(Consumer<Boolean> task) throws Exception {
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> task.accept(false), runnable -> new Thread(runnable).start());
        task.accept(true);
        other.get();
    }

    private static AtomicIntegerArray countersOf(KeyGroup group) throws ReflectiveOperationException {
        Field counters = MemoryKeyGroup.class.getDeclaredField("counters");
        counters.setAccessible(true);
        return (AtomicIntegerArray) counters.get(group);
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
