package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableKeyStoreTest {

    private static final int COUNTER = 5;
    private static final String CANARY = "CanaryCanary1234";

    @TempDir
    Path folder;

    private DurableKeyStore open(int... testGroups) {
        return Stores.open(folder, testGroups);
    }

    private static SamKey counted(int record) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = COUNTER;
        return new SamKey(record, 0x31, record, 0x40, parameters, KeyValue.copyOf(CANARY.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void makesGroupsWithTestKeysOnce() {
        DurableKeyStore store = open(0, 7);
        assertThat(store.keyGroups()).containsExactlyInAnyOrder(0, 7);
        store.keyGroup(0).writeParameters(new byte[] {9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        store.close();

        DurableKeyStore again = open(0, 7);
        assertThat(again.keyGroup(0).parameters()[0]).isEqualTo((byte) 9);
        for (SamKey key : TestKeys.workKeys(7)) {
            SamKey read = again.keyGroup(7).workKey(key.kif(), key.kvc());
            assertThat(read).hasToString(key.toString());
            assertThat(read.value()).isEqualTo(key.value());
        }
        assertThat(again.keyGroup(7).systemKey(SystemKeyType.AUTHENTICATION)).isNotNull();
        again.close();
    }

    @Test
    void keepsAllThatChanged() {
        DurableKeyStore store = open(0);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted(0x60));
        group.writeKey(counted(0x61).invalidated());
        SamKey key = group.workKeyAt(0x60);
        assertThat(group.countUse(key)).isEqualTo(1);
        assertThat(group.countUse(key)).isEqualTo(2);
        group.writeCeilings(COUNTER, new int[] {3}, new boolean[] {true});
        byte[] lock = new byte[KeyGroup.LOCK_FILE_LENGTH];
        lock[0] = (byte) 0xEF;
        group.writeLockFile(lock);
        assertThat(group.nextTransactionNumber()).isEqualTo(1);
        store.close();

        DurableKeyStore again = open();
        KeyGroup read = again.keyGroup(0);
        assertThat(read.eventCounter(COUNTER)).isEqualTo(2);
        assertThat(read.ceiling(COUNTER)).isEqualTo(3);
        assertThat(read.isFree(COUNTER)).isTrue();
        assertThat(read.isFree(COUNTER + 1)).isFalse();
        assertThat(read.lockFile()).isEqualTo(lock);
        assertThat(read.nextTransactionNumber()).isEqualTo(2);
        assertThat(read.workKeyAt(0x60).isUsable()).isTrue();
        assertThat(read.workKeyAt(0x61).isUsable()).isFalse();
        assertThat(read.countUse(read.workKeyAt(0x60))).isEqualTo(3);
        assertThat(read.countUse(read.workKeyAt(0x60))).isEqualTo(KeyGroup.BLOCKED);
        again.close();
    }

    @Test
    void countsEachUseOnceWithManyThreads() throws Exception {
        DurableKeyStore store = open(0);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted(0x60));
        SamKey key = group.workKeyAt(0x60);
        ExecutorService threads = Executors.newFixedThreadPool(32);
        List<Future<Integer>> highest = new ArrayList<>();
        for (int thread = 0; thread < 32; thread++) {
            highest.add(threads.submit(() -> {
                int last = 0;
                for (int i = 0; i < 20; i++) {
                    int value = group.countUse(key);
                    assertThat(value).isGreaterThan(last);
                    last = value;
                }
                return last;
            }));
        }
        for (Future<Integer> future : highest) {
            assertThat(future.get()).isLessThanOrEqualTo(640);
        }
        threads.shutdown();
        store.close();
        DurableKeyStore again = open();
        assertThat(again.keyGroup(0).eventCounter(COUNTER)).isEqualTo(640);
        again.close();
    }

    @Test
    void noKeyByteIsInTheFiles() throws IOException {
        DurableKeyStore store = open(0);
        store.keyGroup(0).writeKey(counted(0x60));
        store.close();
        try (var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)).as(file.toString()).doesNotContain(CANARY);
            }
        }
    }

    @Test
    void afterTheStoreIsClosedNothingIsCounted() {
        DurableKeyStore store = open(0);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted(0x60));
        store.close();
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> group.countUse(group.workKeyAt(0x60)))
                .withMessageContaining("closed");
    }

    @Test
    void aDeletedKeyIsGoneAfterARestartAndOverwrittenAtOnce() {
        DurableKeyStore store = open(0);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted(0x60));
        KeyValue value = group.workKeyAt(0x60).value();
        group.deleteKey(0x60);
        group.deleteKey(0x61);
        group.deleteKey(SystemKeyType.AUTHENTICATION.reference());
        assertThat(group.workKeyAt(0x60)).isNull();
        assertThat(group.workKey(0x31, 0x60)).isNull();
        assertThat(value.revealKeyBytes()).containsOnly(0);
        store.close();
        DurableKeyStore again = open();
        assertThat(again.keyGroup(0).workKeyAt(0x60)).isNull();
        assertThat(again.keyGroup(0).systemKey(SystemKeyType.AUTHENTICATION)).isNull();
        assertThat(again.keyGroup(0).systemKey(SystemKeyType.RELOADING)).isNotNull();
        again.close();
    }

    @Test
    void aQuotaOfChannelsSurvives() {
        DurableKeyStore store = open(0);
        store.opened().groups().get(0).limitChannels(2);
        store.close();
        DurableKeyStore again = open();
        KeyGroup group = again.keyGroup(0);
        assertThat(group.channelQuota()).isEqualTo(2);
        assertThat(group.takeChannel(false)).isTrue();
        assertThat(group.takeChannel(false)).isTrue();
        assertThat(group.takeChannel(false)).isFalse();
        assertThat(group.takeChannel(true)).isTrue();
        assertThat(group.channelsInUse()).isEqualTo(3);
        group.giveChannel();
        assertThat(group.takeChannel(false)).isFalse();
        group.giveChannel();
        assertThat(group.takeChannel(false)).isTrue();
        again.close();
    }

    @Test
    void aDeletedGroupIsGoneAndOthersStay() {
        DurableKeyStore store = open(1, 0x10, 0x100);
        store.opened().groups().remove(0x10).delete();
        store.close();
        DurableKeyStore again = open();
        assertThat(again.keyGroups()).containsExactlyInAnyOrder(1, 0x100);
        again.close();
    }
}
