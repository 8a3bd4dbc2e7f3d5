package org.calypsohsm.itest.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.BatchResult;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.gateway.client.GatewayClient;
import org.calypsohsm.gateway.wire.ErrorCode;
import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.Operation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Channels over the gateway: what the client library promises, and what the gateway does when clients misbehave. */
class GatewayIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ChannelRequest GROUP_0 = ChannelRequest.forKeyGroup(0);
    private static final String CLIENT = GatewayProcess.VENDING;
    private static final String MAIN = "main";
    private static final String SPARE = "spare";

    private static GatewayProcess gateway;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        gateway = new GatewayProcess(folder).start();
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
    }

    @AfterEach
    void noChannelIsLeft() {
        awaitChannels(0);
    }

    private static byte[] getChallenge(int length) {
        return new byte[] {(byte) 0x80, (byte) 0x84, 0, 0, (byte) length};
    }

    private static long channelsInUse() {
        try {
            String body = gateway.send("AUDITOR", "GET", "/channels", null).body();
            return body.split("\"idleMillis\"", -1).length - 1L;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitChannels(int number) {
        Awaitility.await("channels in use").atMost(PATIENCE).until(() -> channelsInUse() == number);
    }

    private static Throwable cause(Runnable act) {
        try {
            act.run();
        } catch (CompletionException e) {
            return e.getCause();
        }
        return null;
    }

    // ---- what works

    @Test
    void aSaleIsMadeWithEachProduct() throws Exception {
        try (GatewayClient client = gateway.client(CLIENT, 1); Channel channel = client.open(GROUP_0)) {
            for (CardProduct product : CardProduct.values()) {
                Card card = Card.builder(product).keyGroup(0).serialNumber(0x1234).build();
                Sale sale = new Sale(card, CardCommands.of(product), 7);
                int exchanges = 1;
                while (!sale.exchange(channel::exchange)) {
                    exchanges++;
                }
                assertThat(exchanges).isEqualTo(Sale.EXCHANGES);
            }
            assertThat(channel.atr()).hasSize(19).startsWith(0x3B);
            assertThat(channel.keyGroup()).isZero();
            assertThat(channel.module()).isIn(MAIN, SPARE);
            assertThat(client.channels()).extracting(report -> report.id()).contains(channel.id());
        } catch (IllegalStateException e) {
            // A client may not list the channels of others.
            assertThat(e).hasMessageContaining("lacks the role");
        }
    }

    @Test
    void aThousandExchangesOnAHundredChannelsGoOverOneConnection() throws Exception {
        int channels = 100;
        int exchanges = 1000;
        try (GatewayClient client = gateway.client(CLIENT, 1)) {
            List<Channel> open = new ArrayList<>();
            for (int i = 0; i < channels; i++) {
                open.add(client.open(GROUP_0));
            }
            assertThat(open).extracting(Channel::id).doesNotHaveDuplicates();
            List<CompletableFuture<byte[]>> answers = new ArrayList<>();
            List<Integer> order = Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < exchanges; i++) {
                int number = i;
                CompletableFuture<byte[]> answer = open.get(i % channels).exchangeAsync(getChallenge(length(i))).toCompletableFuture();
                if (i % channels == 0) {
                    answer.thenRun(() -> order.add(number));
                }
                answers.add(answer);
            }
            for (int i = 0; i < exchanges; i++) {
                byte[] answer = answers.get(i).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(answer).hasSize(length(i) + 2);
                assertThat(StatusWord.of(answer)).isEqualTo(StatusWord.OK);
            }
            assertThat(order).hasSize(exchanges / channels).isSorted();
            open.forEach(Channel::close);
        }
    }

    /** 4 or 8, so that an answer to another request would be seen. */
    private static int length(int number) {
        return Integer.bitCount(number * 0x9E3779B9) % 2 == 0 ? 4 : 8;
    }

    @Test
    void aBatchStopsAtTheFirstThatFails() throws Exception {
        try (GatewayClient client = gateway.client(CLIENT, 1); Channel channel = client.open(GROUP_0)) {
            BatchResult all = channel.exchangeAll(List.of(getChallenge(4), getChallenge(8)));
            assertThat(all.isComplete()).isTrue();
            assertThat(all.responses()).extracting(response -> response.length).containsExactly(6, 10);
            BatchResult some = channel.exchangeAll(List.of(getChallenge(4), new byte[] {1, 2}, getChallenge(8)));
            assertThat(some.isComplete()).isFalse();
            assertThat(some.responses()).hasSize(2);
            // More than one message holds.
            BatchResult many = channel.exchangeAll(Collections.nCopies(20_000, getChallenge(4)));
            assertThat(many.isComplete()).isTrue();
        }
    }

    @Test
    void modulesAreDrainedWhileClientsExchange() throws Exception {
        AtomicBoolean going = new AtomicBoolean(true);
        try (GatewayClient client = gateway.client(CLIENT, 2); GatewayClient operator = gateway.client("OPERATOR", 1)) {
            List<Channel> open = new ArrayList<>();
            List<CompletableFuture<Long>> sellers = new ArrayList<>();
            AtomicLong exchanges = new AtomicLong();
            for (int i = 0; i < 10; i++) {
                Channel channel = client.open(GROUP_0);
                open.add(channel);
                sellers.add(CompletableFuture.supplyAsync(() -> sell(channel, going, exchanges), task -> new Thread(task).start()));
            }
            assertThat(open).extracting(Channel::module).contains(MAIN);
            awaitMore(exchanges);
            DrainReport report = operator.drain(MAIN, Duration.ofSeconds(30)).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(report.lost()).isZero();
            assertThat(report.moved()).isPositive();
            awaitMore(exchanges);
            assertThat(open).extracting(Channel::module).containsOnly(SPARE);
            operator.undrain(MAIN);
            going.set(false);
            for (CompletableFuture<Long> seller : sellers) {
                assertThat(seller.get(60, TimeUnit.SECONDS)).isPositive();
            }
            assertThat(operator.selfTest(MAIN).state()).isEqualTo("OPERATIONAL");
            assertThatThrownBy(() -> operator.undrain("nowhere")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("nowhere");
            open.forEach(Channel::close);
        }
    }

    private static void awaitMore(AtomicLong exchanges) {
        long before = exchanges.get();
        Awaitility.await("exchanges").atMost(PATIENCE).until(() -> exchanges.get() > before + 400);
    }

    private static long sell(Channel channel, AtomicBoolean going, AtomicLong exchanges) {
        long sales = 0;
        try {
            while (going.get()) {
                Sale sale = new Sale(Card.builder(CardProduct.CD97).keyGroup(0).serialNumber(0x99).build(),
                        CardCommands.of(CardProduct.CD97), 1);
                while (!sale.exchange(channel::exchange)) {
                    exchanges.incrementAndGet();
                }
                sales++;
            }
            return sales;
        } catch (ChannelException | Sale.FailedException e) {
            throw new CompletionException(e);
        }
    }

    // ---- who is refused

    @Test
    void onlyTls13IsSpoken() throws Exception {
        try (SSLSocket socket = (SSLSocket) gateway.tls("CLIENT", "TLSv1.2").getSocketFactory().createSocket("127.0.0.1", gateway.port())) {
            socket.setEnabledProtocols(new String[] {"TLSv1.2"});
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        }
    }

    @Test
    void itListensOnTheLoopbackOnly() throws Exception {
        List<InetAddress> others = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress()).toList();
        assumeThat(others).isNotEmpty();
        for (InetAddress address : others) {
            try (Socket socket = new Socket()) {
                assertThatThrownBy(() -> socket.connect(new InetSocketAddress(address, gateway.port()), 2000)).isInstanceOf(IOException.class);
            }
        }
        // And plain HTTP nowhere.
        try (Socket socket = new Socket()) {
            assertThatThrownBy(() -> socket.connect(new InetSocketAddress("127.0.0.1", 8080), 2000)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anotherKeyGroupAndAnotherRoleAreRefusedOnTheWebSocketToo() throws Exception {
        try (GatewayClient client = gateway.client("CLIENT", 1)) {
            assertThatThrownBy(() -> client.open(ChannelRequest.forKeyGroup(1))).isInstanceOf(UnknownKeyGroupException.class)
                    .hasMessageContaining("client CLIENT may not use key group 1");
        }
        for (String other : List.of("OPERATOR", "ADMINISTRATOR", GatewayProcess.UNKNOWN)) {
            try (GatewayClient client = gateway.client(other, 1)) {
                assertThatThrownBy(() -> client.open(GROUP_0)).isInstanceOf(NoChannelFreeException.class).hasMessageContaining("403");
            }
        }
        try (GatewayClient client = gateway.client(GatewayProcess.STRANGER, 1)) {
            assertThatThrownBy(() -> client.open(GROUP_0)).isInstanceOf(NoChannelFreeException.class).hasMessageContaining("certificate");
        }
        try (GatewayClient client = gateway.client(CLIENT, 1)) {
            assertThatThrownBy(() -> client.open(ChannelRequest.forKeyGroup(9))).isInstanceOf(UnknownKeyGroupException.class);
        }
    }

    @Test
    void limitsHold() throws Exception {
        try (GatewayClient client = gateway.client(GatewayProcess.LIMITED, 1)) {
            Channel first = client.open(GROUP_0);
            Channel second = client.open(GROUP_0);
            assertThatThrownBy(() -> client.open(GROUP_0)).isInstanceOf(NoChannelFreeException.class).hasMessageContaining("2 channels");
            List<CompletableFuture<byte[]>> exchanges = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                exchanges.add(first.exchangeAsync(getChallenge(4)).toCompletableFuture());
            }
            List<Throwable> faults = exchanges.stream().map(one -> cause(one::join)).filter(java.util.Objects::nonNull).toList();
            assertThat(faults).isNotEmpty();
            assertThat(faults.get(0)).isInstanceOf(ModuleUnavailableException.class).hasMessageContaining("5 exchanges a second")
                    .hasMessageContaining("Channel " + first.id() + " on module " + first.module());
            assertThat(first.isOpen()).isTrue();
            Awaitility.await("the next second").atMost(PATIENCE).ignoreExceptionsInstanceOf(ModuleUnavailableException.class)
                    .until(() -> first.exchange(getChallenge(4)).length == 6);
            second.close();
            awaitChannels(1);
            Channel third = client.open(GROUP_0);
            third.close();
            first.close();
        }
        awaitChannels(0);
        // More than 5 a second, also on a slow machine: several at once.
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            answers.add(gateway.sendAsync(GatewayProcess.LIMITED, "/modules"));
        }
        List<HttpResponse<String>> refused = answers.stream().map(CompletableFuture::join).filter(one -> one.statusCode() == 429).toList();
        assertThat(refused).isNotEmpty().allSatisfy(one -> {
            assertThat(one.headers().firstValue("Retry-After")).hasValue("1");
            assertThat(one.body()).contains("\"status\":429");
        });
    }

    // ---- clients that misbehave

    @Test
    void aClientThatDiesFreesItsChannels() throws Exception {
        RawConnection dies = new RawConnection(gateway, CLIENT);
        for (int i = 1; i <= 5; i++) {
            dies.send(RawConnection.open(i, 0, 60_000));
            assertThat(dies.next().operation()).isEqualTo(Operation.OPENED);
        }
        assertThat(channelsInUse()).isEqualTo(5);
        dies.kill();
        awaitChannels(0);
    }

    @Test
    void aClientThatIsNotConfiguredAnyMoreIsCutOff() throws Exception {
        // A feature may consist of a configuration.
        Path feature = gateway.feature().resolveSibling("guest.json");
        Files.writeString(feature, """
                {"feature-resource-version": "1.0", "id": "test:guest:1", "configurations": {"org.calypsohsm.gateway.client~guest":
                    {"certificate": "%s", "roles": ["CLIENT"], "keyGroups": [0]}}}
                """.formatted(gateway.digest(GatewayProcess.UNKNOWN)));
        Awaitility.await("the guest is known").atMost(PATIENCE)
                .until(() -> gateway.send(GatewayProcess.UNKNOWN, "GET", "/modules", null).statusCode() == 200);
        RawConnection guest = new RawConnection(gateway, GatewayProcess.UNKNOWN);
        guest.send(RawConnection.open(1, 0, 60_000));
        assertThat(guest.next().operation()).isEqualTo(Operation.OPENED);
        Files.delete(feature);
        assertThat(guest.closed()).isEqualTo(1008);
        awaitChannels(0);
        assertThat(gateway.send(GatewayProcess.UNKNOWN, "GET", "/modules", null).statusCode()).isEqualTo(403);
    }

    @Test
    void aClientThatIsNotReachedAnyMoreFreesItsChannels() throws Exception {
        try (Relay relay = new Relay(gateway.port());
                GatewayClient client = gateway.client(relay.port(), CLIENT, 1, Duration.ofSeconds(3))) {
            Channel channel = client.open(GROUP_0.withIdleTimeout(Duration.ofMinutes(1)));
            assertThat(channel.exchange(getChallenge(4))).hasSize(6);
            relay.fallSilent();
            CompletableFuture<byte[]> lost = channel.exchangeAsync(getChallenge(4)).toCompletableFuture();
            // The gateway notices long before the lease is over, and the client by itself too.
            awaitChannels(0);
            assertThat(cause(lost::join)).isInstanceOf(ChannelLostException.class).hasMessageContaining("nothing was heard of it");
            assertThat(channel.isOpen()).isFalse();
            assertThatThrownBy(() -> channel.exchange(getChallenge(4))).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aSilentClientLosesItsChannelWithTheLease() throws Exception {
        try (GatewayClient client = gateway.client(CLIENT, 1)) {
            Channel silent = client.open(GROUP_0.withIdleTimeout(Duration.ofMillis(500)));
            Channel other = client.open(GROUP_0.withIdleTimeout(Duration.ofMinutes(1)));
            awaitChannels(1);
            assertThatThrownBy(() -> silent.exchange(getChallenge(4))).isInstanceOf(ChannelExpiredException.class)
                    .hasMessageContaining("lease");
            assertThat(silent.isOpen()).isFalse();
            assertThat(other.exchange(getChallenge(4))).hasSize(6);
            other.close();
        }
        HttpResponse<String> opened = gateway.send(CLIENT, "POST", "/channels", "{\"keyGroup\": 0, \"leaseMillis\": 500}");
        assertThat(opened.statusCode()).isEqualTo(201);
        awaitChannels(0);
        String number = opened.body().replaceAll(".*\"id\":(\\d+).*", "$1");
        assertThat(gateway.send(CLIENT, "POST", "/channels/" + number + "/exchange", "{\"apdu\": \"gIQAAAQ=\"}").statusCode()).isIn(404, 410);
    }

    @Test
    void aLeaseWithoutEndIsGivenTheLongest() throws Exception {
        RawConnection raw = new RawConnection(gateway, CLIENT);
        raw.send(RawConnection.open(1, 0, 0));
        assertThat(raw.next().operation()).isEqualTo(Operation.OPENED);
        raw.kill();
    }

    @Test
    void wrongFramesEndTheirConnectionAndNoOther() throws Exception {
        try (GatewayClient client = gateway.client(CLIENT, 1); Channel channel = client.open(GROUP_0)) {
            byte[] otherVersion = RawConnection.frame(Operation.OPEN.code(), 1, 0, new byte[Frame.OPEN_LENGTH]);
            otherVersion[0] = 9;
            byte[] cut = java.util.Arrays.copyOf(RawConnection.frame(Operation.EXCHANGE.code(), 1, 1, new byte[100]), 50);
            for (byte[] wrong : List.of(new byte[] {1, 2, 3}, otherVersion, cut)) {
                RawConnection raw = new RawConnection(gateway, CLIENT);
                raw.send(RawConnection.open(1, 0, 60_000));
                assertThat(raw.next().operation()).isEqualTo(Operation.OPENED);
                raw.send(wrong);
                assertThat(raw.closed()).isEqualTo(1007);
            }
            RawConnection text = new RawConnection(gateway, CLIENT);
            text.sendText("hello");
            assertThat(text.closed()).isEqualTo(1008);
            RawConnection huge = new RawConnection(gateway, CLIENT);
            huge.send(new byte[(1 << 16) + 1]);
            assertThat(huge.closed()).isEqualTo(1009);
            awaitChannels(1);
            assertThat(channel.exchange(getChallenge(4))).hasSize(6);
        }
    }

    @Test
    void wrongRequestsGetAnErrorAndTheConnectionGoesOn() throws Exception {
        RawConnection raw = new RawConnection(gateway, CLIENT);
        raw.send(RawConnection.frame(0x7E, 1, 0, new byte[0]));
        assertError(raw.next(), 1, ErrorCode.MALFORMED);
        raw.send(RawConnection.frame(Operation.OPENED.code(), 2, 0, new byte[0]));
        assertError(raw.next(), 2, ErrorCode.MALFORMED);
        raw.send(RawConnection.frame(Operation.OPEN.code(), 3, 0, new byte[3]));
        assertError(raw.next(), 3, ErrorCode.MALFORMED);
        raw.send(RawConnection.open(4, -1, 1000));
        assertError(raw.next(), 4, ErrorCode.MALFORMED);
        raw.send(RawConnection.frame(Operation.EXCHANGE.code(), 5, 123_456, getChallenge(4)));
        assertError(raw.next(), 5, ErrorCode.CLOSED);
        raw.send(RawConnection.open(6, 0, 60_000));
        Frame opened = raw.next();
        assertThat(opened.operation()).isEqualTo(Operation.OPENED);
        raw.send(RawConnection.frame(Operation.EXCHANGE_ALL.code(), 7, opened.channel(), new byte[] {0, 0, 0, 9}));
        assertError(raw.next(), 7, ErrorCode.MALFORMED);
        // A faulty APDU is no wrong frame.
        raw.send(RawConnection.frame(Operation.EXCHANGE.code(), 8, opened.channel(), new byte[] {1}));
        assertThat(raw.next().operation()).isEqualTo(Operation.EXCHANGED);
        raw.send(RawConnection.frame(Operation.CLOSE.code(), 9, opened.channel(), new byte[0]));
        assertThat(raw.next().operation()).isEqualTo(Operation.CLOSED);
        raw.kill();
    }

    private static void assertError(Frame frame, int request, ErrorCode code) {
        assertThat(frame.operation()).isEqualTo(Operation.ERROR);
        assertThat(frame.request()).isEqualTo(request);
        assertThat(ErrorCode.of(frame.payload()[0])).isEqualTo(code);
    }

    @Test
    void aChannelOfAnotherClientIsNotToBeHad() throws Exception {
        String mine = gateway.send("CLIENT", "POST", "/channels", "{\"keyGroup\": 0}").body().replaceAll(".*\"id\":(\\d+).*", "$1");
        String body = "{\"apdu\": \"" + Base64.getEncoder().encodeToString(getChallenge(4)) + "\"}";
        assertThat(gateway.send(CLIENT, "POST", "/channels/" + mine + "/exchange", body).statusCode()).isEqualTo(404);
        RawConnection raw = new RawConnection(gateway, CLIENT);
        raw.send(RawConnection.frame(Operation.EXCHANGE.code(), 1, Long.parseLong(mine), getChallenge(4)));
        assertError(raw.next(), 1, ErrorCode.CLOSED);
        raw.kill();
        assertThat(gateway.send("CLIENT", "POST", "/channels/" + mine + "/exchange", body).statusCode()).isEqualTo(200);
        assertThat(gateway.send("CLIENT", "DELETE", "/channels/" + mine, null).statusCode()).isEqualTo(200);
    }

    // ---- the gateway goes

    @Test
    void aGatewayThatIsUninstalledEndsExchangesWithATypedError() throws Exception {
        AtomicBoolean going = new AtomicBoolean(true);
        AtomicLong exchanges = new AtomicLong();
        try (GatewayClient client = gateway.client(CLIENT, 2)) {
            List<CompletableFuture<Long>> sellers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Channel channel = client.open(GROUP_0);
                sellers.add(CompletableFuture.supplyAsync(() -> sell(channel, going, exchanges), task -> new Thread(task).start()));
            }
            awaitMore(exchanges);
            Files.delete(gateway.feature());
            for (CompletableFuture<Long> seller : sellers) {
                assertThat(cause(seller::join)).isInstanceOfAny(ChannelLostException.class, ChannelClosedException.class)
                        .hasMessageContaining("on module").hasMessageContaining("gateway");
            }
            Awaitility.await("nobody listens").atMost(PATIENCE).until(() -> {
                try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
                    return !socket.isConnected();
                } catch (IOException e) {
                    return true;
                }
            });
            assertThatThrownBy(() -> client.open(GROUP_0)).isInstanceOf(NoChannelFreeException.class).hasMessageContaining("cannot be reached");
            Files.copy(gateway.feature("gateway"), gateway.feature());
            gateway.awaitUp();
            // The same client goes on by itself.
            try (Channel channel = client.open(GROUP_0)) {
                assertThat(channel.exchange(getChallenge(4))).hasSize(6);
            }
        }
    }
}
