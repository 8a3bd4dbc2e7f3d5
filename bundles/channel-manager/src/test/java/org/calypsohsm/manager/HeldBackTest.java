package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A response does not leave before what it used up is kept. */
class HeldBackTest {

    private final Fixture fixture = new Fixture();

    @AfterEach
    void stop() throws Exception {
        fixture.close();
    }

    private Channel open() throws Exception {
        return fixture.manager().open(ChannelRequest.forKeyGroup(0));
    }

    @Test
    void aSynchronousResponseWaitsForItsCommit() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = open();
        a.commit = new CompletableFuture<>();
        AtomicReference<byte[]> response = new AtomicReference<>();
        Thread client = new Thread(() -> {
            try {
                response.set(channel.exchange(Apdus.BEGIN));
            } catch (ChannelException e) {
                throw new IllegalStateException(e);
            }
        });
        client.start();
        await().atMost(Fixture.SOON).until(() -> a.exchanges.get() == 1 && client.getState() == Thread.State.WAITING);
        assertThat(response.get()).isNull();

        a.commit.complete(null);

        client.join(Fixture.SOON.toMillis());
        assertThat(response.get()).containsExactly(0x90, 0x00);
    }

    @Test
    void heldBackAsynchronousResponsesHoldNoThreadAndComeInOrder() throws Exception {
        fixture.settings.asyncThreads = 1;
        FakeModule a = fixture.module("a", 50);
        CompletableFuture<Void> commit = new CompletableFuture<>();
        a.commit = commit;
        List<CompletableFuture<byte[]>> heldBack = new ArrayList<>();
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            channels.add(open());
            heldBack.add(channels.get(i).exchangeAsync(Apdus.BEGIN).toCompletableFuture());
        }
        // All 50 are carried out, though there is one thread only.
        await().atMost(Fixture.SOON).until(() -> a.exchanges.get() == 50);
        CompletableFuture<byte[]> behind = channels.get(0).exchangeAsync(Apdus.UPDATE).toCompletableFuture();
        assertThat(heldBack).noneMatch(CompletableFuture::isDone);
        assertThat(behind).isNotDone();
        assertThat(a.exchanges.get()).isEqualTo(50);

        a.commit = null;
        commit.complete(null);

        for (CompletableFuture<byte[]> response : heldBack) {
            assertThat(response.get()).containsExactly(0x90, 0x00);
        }
        assertThat(behind.get()).containsExactly(0x90, 0x00);
    }

    @Test
    void aResponseWhoseCommitFailsNeverLeaves() throws Exception {
        FakeModule a = fixture.module("a", 2);
        Channel synchronous = open();
        Channel asynchronous = open();
        a.commit = CompletableFuture.failedFuture(new IllegalStateException("the disk is full"));

        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> synchronous.exchange(Apdus.BEGIN))
                .withMessageContaining("could not be kept: the disk is full").withMessageContaining("module a");
        CompletableFuture<byte[]> response = asynchronous.exchangeAsync(Apdus.BEGIN).toCompletableFuture();
        assertThatExceptionOfType(ExecutionException.class).isThrownBy(response::get).havingCause()
                .isInstanceOf(ChannelLostException.class).withMessageContaining("the disk is full");
        assertThat(synchronous.isOpen()).isFalse();
        assertThat(asynchronous.isOpen()).isFalse();
        assertThat(a.open).isEmpty();
        fixture.assertNothingLeft();
    }

    @Test
    void aStopDeliversWhatIsHeldBack() throws Exception {
        FakeModule a = fixture.module("a", 1);
        Channel channel = open();
        CompletableFuture<Void> commit = new CompletableFuture<>();
        a.commit = commit;
        CompletableFuture<byte[]> response = channel.exchangeAsync(Apdus.BEGIN).toCompletableFuture();
        await().atMost(Fixture.SOON).until(() -> a.exchanges.get() == 1);
        fixture.manager().stop();
        commit.complete(null);
        assertThat(response.get()).containsExactly(0x90, 0x00);
    }
}
