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
        return new MemoryKeyGroup(0, List.of(keys), List.of(), Stores.NO_MARKS);
    }

    private static void count(KeyGroup group, SamKey key, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(group.countUse(key)).isNotEqualTo(KeyGroup.BLOCKED);
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
            assertThat(group(key).countUse(key)).as("counter %d", counter).isEqualTo(KeyGroup.BLOCKED);
        }
    }

    @Test
    void countsUpToTheCeilingAndNoFurther() {
        SamKey key = key(1, 1, 1, 7);
        KeyGroup group = group(key);
        for (int i = 0; i < CEILING; i++) {
            if (group.countUse(key) == KeyGroup.BLOCKED) {
                throw new AssertionError("It stopped at " + group.eventCounter(7));
            }
        }
        assertThat(group.ceiling(7)).isEqualTo(CEILING);
        assertThat(group.eventCounter(7)).isEqualTo(CEILING);
        assertThat(group.countUse(key)).isEqualTo(KeyGroup.BLOCKED);
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
                given.addAndGet(group.countUse(key) == KeyGroup.BLOCKED ? 0 : 1);
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
    @Test
    void tellsTheNewValueOfTheCounter() {
        SamKey counted = key(1, 1, 1, 3);
        KeyGroup group = group(counted, key(2, 2, 2, 0));
        assertThat(group.countUse(counted)).isEqualTo(1);
        assertThat(group.countUse(counted)).isEqualTo(2);
        assertThat(group.countUse(group.workKeyAt(2))).isZero();
    }

    @Test
    void aWrittenKeyTakesThePlaceOfTheOneInItsRecord() {
        KeyGroup group = group(key(5, 0x21, 0x79, 0));
        SamKey successor = key(5, 0x27, 0x7A, 0);
        group.writeKey(successor);
        assertThat(group.workKeyAt(5)).isSameAs(successor);
        assertThat(group.workKey(0x27, 0x7A)).isSameAs(successor);
        assertThat(group.workKey(0x21, 0x79)).isNull();
    }

    @Test
    void aLoweredCeilingBlocksAtOnce() {
        SamKey key = key(1, 1, 1, 4);
        KeyGroup group = group(key);
        count(group, key, 2);
        group.writeCeilings(3, new int[] {7, 2}, new boolean[] {true, false});
        assertThat(group.countUse(key)).isEqualTo(KeyGroup.BLOCKED);
        assertThat(group.ceiling(3)).isEqualTo(7);
        assertThat(group.isFree(3)).isTrue();
        group.writeCeilings(4, new int[] {3}, null);
        assertThat(group.countUse(key)).isEqualTo(3);
        assertThat(group.isFree(3)).isTrue();
    }

    @Test
    void transactionNumbersDifferAndWrapWithoutZero() {
        KeyGroup group = group();
        assertThat(group.nextTransactionNumber()).isEqualTo(1);
        int last = 1;
        for (int i = 0; i < 0xFFFFFE; i++) {
            last = group.nextTransactionNumber();
        }
        assertThat(last).isEqualTo(0xFFFFFF);
        assertThat(group.nextTransactionNumber()).isEqualTo(1);
    }

    @Test
    void keepsLockFileAndParametersAsWritten() {
        KeyGroup group = group();
        byte[] file = new byte[KeyGroup.LOCK_FILE_LENGTH];
        file[0] = (byte) 0xEF;
        group.writeLockFile(file);
        byte[] parameters = new byte[KeyGroup.PARAMETERS_LENGTH];
        parameters[0] = 4;
        group.writeParameters(parameters);
        Arrays.fill(file, (byte) 0);
        Arrays.fill(parameters, (byte) 0);
        assertThat(group.lockFile()[0]).isEqualTo((byte) 0xEF);
        assertThat(group.parameters()[0]).isEqualTo((byte) 4);
    }

    @Test
    void destroyingOverwritesKeysAndTheLockButLeavesItEnabled() {
        byte[] value = new byte[KeyValue.LENGTH];
        Arrays.fill(value, (byte) 0x5A);
        SamKey key = new SamKey(1, 0x21, 1, 0x40, new byte[SamKey.PARAMETERS], KeyValue.copyOf(value));
        MemoryKeyGroup group = new MemoryKeyGroup(0, List.of(key), List.of(), Stores.NO_MARKS);
        byte[] lock = new byte[KeyGroup.LOCK_FILE_LENGTH];
        lock[0] = (byte) 0xEF;
        lock[7] = (byte) 0x80;
        System.arraycopy(value, 0, lock, 13, value.length);
        group.writeLockFile(lock);
        group.destroy();
        assertThat(key.value().revealKeyBytes()).containsOnly(0);
        Arrays.fill(lock, 13, lock.length, (byte) 0);
        assertThat(group.lockFile()).isEqualTo(lock);
    }
}
