package org.calypsohsm.itest.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.manager.Managed;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.provider.pcis3device.Driven;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Real card processes that are killed, frozen and started again, under a real channel manager. */
@Timeout(300)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the script for bash, and signals")
class CardProcessIT {

    private static final int CHANNELS = 1000;
    /** Long, since a build machine may be busy; what is promised, 2 s for the errors and 3 s for a new channel, is printed. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Managed managed = new Managed();
    private final List<Card> cards = new ArrayList<>();
    private final List<SecurityModule> modules = new ArrayList<>();

    @TempDir
    Path folder;

    private Card card() throws Exception {
        Card card = new Card(folder.resolve("c" + cards.size()), String.format("5333000%d", cards.size()));
        cards.add(card);
        card.start();
        return card;
    }

    private SecurityModule module(String name, Card card) throws Exception {
        SecurityModule module = Driven.start(name, card.socket(), card.serialNumber());
        modules.add(module);
        managed.bind(module);
        await().atMost(PATIENCE).until(() -> module.status().state() == ModuleState.OPERATIONAL);
        return module;
    }

    private ChannelManager channels() {
        return managed.channels();
    }

    private Channel open() throws Exception {
        return channels().open(ChannelRequest.forKeyGroup(0).withDeadline(PATIENCE).withIdleTimeout(Duration.ZERO));
    }

    private ModuleReport report(String name) {
        return channels().modules().stream().filter(report -> report.name().equals(name)).findFirst().orElseThrow();
    }

    @AfterEach
    void end() {
        managed.close();
        modules.forEach(Driven::stop);
        cards.forEach(Card::close);
    }

    @Test
    void everyClientOfAKilledCardHasATypedErrorAndItsSuccessorServes() throws Exception {
        Card card = card();
        module("main", card);
        Map<Channel, ChannelException> errors = new ConcurrentHashMap<>();
        Map<Channel, Long> when = new ConcurrentHashMap<>();
        CountDownLatch busy = new CountDownLatch(CHANNELS);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CHANNELS; i++) {
            Channel channel = open();
            Sessions.begin(channel);
            Thread client = new Thread(null, () -> {
                try {
                    Sessions.done(channel, Sessions.GO_ON);
                    busy.countDown();
                    while (true) {
                        channel.exchange(Sessions.GO_ON);
                    }
                } catch (ChannelException e) {
                    when.put(channel, System.nanoTime());
                    errors.put(channel, e);
                }
            }, "client", 256 * 1024);
            client.setDaemon(true);
            clients.add(client);
        }
        assertThat(report("main").channelsInUse()).isEqualTo(CHANNELS);
        clients.forEach(Thread::start);
        assertThat(busy.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        long killed = System.nanoTime();
        card.kill();
        for (Thread client : clients) {
            client.join(PATIENCE.toMillis());
        }
        assertThat(errors).hasSize(CHANNELS).allSatisfy((channel, error) -> assertThat(error).isInstanceOf(ChannelLostException.class)
                .hasMessageContaining("main").hasMessageContaining("lost its card"));
        long last = when.values().stream().mapToLong(time -> time - killed).max().orElseThrow();
        System.out.printf("%d clients had their error %d ms after kill -9 at the latest (promised: 2000).%n", CHANNELS, TimeUnit.NANOSECONDS.toMillis(last));
        await().atMost(PATIENCE).until(() -> report("main").state().equals("OFFLINE"));

        card.start();
        long back = System.nanoTime();
        try (Channel channel = channels().open(ChannelRequest.forKeyGroup(0).withDeadline(PATIENCE))) {
            long took = System.nanoTime() - back;
            System.out.printf("A channel was open %d ms after the card was back (promised: 3000).%n", TimeUnit.NANOSECONDS.toMillis(took));
            Sessions.begin(channel);
        }
        // All places are free again.
        List<Channel> again = new ArrayList<>();
        for (int i = 0; i < CHANNELS; i++) {
            again.add(open());
        }
        again.forEach(Channel::close);
    }

    @Test
    void aFrozenCardIsLeftAndComesBack() throws Exception {
        Card card = card();
        SecurityModule module = module("main", card);
        Channel idle = open();
        Sessions.select(idle);
        Channel busy = open();
        Sessions.begin(busy);

        card.signal("STOP");
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> busy.exchange(Sessions.GO_ON))
                .withMessageContaining("has not answered for 1500 ms");
        await().atMost(PATIENCE).until(() -> module.status().state() == ModuleState.OFFLINE);
        // It is tried again meanwhile, and takes the connection, but says nothing.
        await().atMost(PATIENCE).until(() -> module.status().sentence().contains("does not say yet"));

        card.signal("CONT");
        await().atMost(PATIENCE).until(() -> report("main").state().equals("OPERATIONAL"));
        Sessions.done(idle, Sessions.GET_CHALLENGE);
        assertThat(idle.isOpen()).isTrue();
        Channel next = open();
        Sessions.begin(next);
        for (Channel channel : List.of(idle, next)) {
            channel.close();
        }
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void idleChannelsOfAKilledCardGoOnAtAnother() throws Exception {
        Card first = card();
        module("one", first);
        Channel idle = open();
        Sessions.select(idle);
        Channel busy = open();
        Sessions.begin(busy);
        module("two", card());

        first.kill();
        // The selected diversifier went with it, or the session could not begin.
        Sessions.done(idle, Sessions.GET_CHALLENGE);
        assertThat(idle.module()).isEqualTo("two");
        assertThatExceptionOfType(ChannelLostException.class).isThrownBy(() -> busy.exchange(Sessions.GO_ON)).withMessageContaining("one");
        try (Channel more = open()) {
            assertThat(more.module()).isEqualTo("two");
        }
    }

    @Test
    void garbageOnTheSocketHarmsNobodyElse() throws Exception {
        Card card = card();
        module("main", card);
        Channel busy = open();
        Sessions.begin(busy);
        for (int i = 0; i < 20; i++) {
            try (SocketChannel wrong = SocketChannel.open(UnixDomainSocketAddress.of(card.socket()))) {
                wrong.write(ByteBuffer.wrap(new byte[] {0x7F, -1, -1, -1, (byte) i, 1, 2, 3}));
                // It closes its side.
                assertThat(wrong.read(ByteBuffer.allocate(10))).isNegative();
            }
        }
        Sessions.done(busy, Sessions.GO_ON);
        assertThat(card.errors()).contains("there is no frame of").doesNotContain("\tat ");
    }
}
