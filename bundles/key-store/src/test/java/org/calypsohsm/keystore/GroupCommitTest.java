package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupCommitTest {

    @TempDir
    Path folder;

    private final StorageKey storageKey = new StorageKey(Stores.storageKey());

    private final List<RuntimeException> failures = new CopyOnWriteArrayList<>();

    private static SamKey counted() {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = 5;
        return new SamKey(1, 1, 1, 0x40, parameters, KeyValue.copyOf(new byte[KeyValue.LENGTH]));
    }

    @Test
    void aUseIsOnTheDiskWhenItsCommitIsComplete() throws Exception {
        SealedStore store = new SealedStore(folder.resolve("keys.db"));
        store.unseal(storageKey);
        GroupCommit commits = new GroupCommit(store, failures::add);
        DurableKeyGroup group = DurableKeyGroup.create(3, List.of(counted()), List.of(), Stores.NO_MARKS, commits);
        assertThat(group.pendingCommit()).isNull();
        for (int use = 1; use <= 20; use++) {
            assertThat(group.countUse(group.workKeyAt(1))).isEqualTo(use);
            CompletionStage<Void> commit = group.pendingCommit();
            // A disk can be quicker than this thread: then nothing is pending any more.
            if (commit != null) {
                commit.toCompletableFuture().get();
            }
            assertThat(DurableKeyGroup.read(3, store, Stores.NO_MARKS, commits).eventCounter(5)).isEqualTo(use);
        }
        commits.close();
        store.close();
    }

    @Test
    void afterAFailedWriteNothingIsAcknowledgedAnyMore() {
        SealedStore store = new SealedStore(folder.resolve("keys.db"));
        store.unseal(storageKey);
        GroupCommit commits = new GroupCommit(store, failures::add);
        DurableKeyGroup group = DurableKeyGroup.create(3, List.of(counted()), List.of(), Stores.NO_MARKS, commits);
        store.close();
        group.countUse(group.workKeyAt(1));
        CompletableFuture<Void> commit = group.pendingCommit().toCompletableFuture();
        assertThatExceptionOfType(ExecutionException.class).isThrownBy(commit::get);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> group.countUse(group.workKeyAt(1)))
                .withMessageContaining("could not be written before");
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> group.writeParameters(new byte[29]));
        assertThatExceptionOfType(ExecutionException.class).as("also for who asks only after the failure")
                .isThrownBy(() -> group.pendingCommit().toCompletableFuture().get());
        commits.close();
        assertThat(failures).as("told once").hasSize(1);
    }
}
