package org.calypsohsm.itest.console.aid;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Clients inside of the platform, and what a test does to it: {@code POST /test/...}, for everybody who reaches the port. */
@Component(service = Servlet.class, property = "osgi.http.whiteboard.servlet.pattern=/test/*")
public final class Clients extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final int COUNTED_KEYS = 6;
    /** Of 13 exchanges; the session goes from the third to the last but one. */
    private static final int HALF_A_SALE = 7;

    private final transient ChannelManager channels;
    private final transient KeyStore keys;
    private final transient List<Thread> threads = new ArrayList<>();
    private final transient List<Channel> held = new ArrayList<>();
    private final AtomicInteger customers = new AtomicInteger();
    private final AtomicLong failed = new AtomicLong();
    private volatile boolean over;

    /** Does nothing yet. */
    @Activate
    public Clients(@Reference ChannelManager channels, @Reference KeyStore keys) {
        this.channels = channels;
        this.keys = keys;
    }

    /** Ends all clients. */
    @Deactivate
    synchronized void stop() {
        over = true;
        threads.forEach(Thread::interrupt);
        threads.clear();
        held.forEach(Channel::close);
        held.clear();
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getPathInfo()) {
            case "/clients" -> clients(number(request, "count"), number(request, "pauseMillis"));
            case "/stop" -> {
                stop();
                over = false;
            }
            case "/hold" -> hold(request.getParameter("module"));
            case "/count" -> count(number(request, "group"), number(request, "ceiling"));
            case "/drain" -> channels.drain(request.getParameter("module"), Duration.ofSeconds(1));
            case "/undrain" -> channels.undrain(request.getParameter("module"));
            default -> response.setStatus(HttpServletResponse.SC_NOT_FOUND);
        }
        response.getWriter().print("failed sessions: " + failed.get());
    }

    private static int number(HttpServletRequest request, String name) {
        return Integer.parseInt(request.getParameter(name));
    }

    private synchronized void clients(int count, int pauseMillis) {
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(() -> sell(pauseMillis), "test-client");
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
    }

    private void sell(int pauseMillis) {
        CardProduct[] products = CardProduct.values();
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            while (!over) {
                int customer = customers.incrementAndGet();
                CardProduct product = products[customer % products.length];
                Card card = Card.builder(product).keyGroup(0).serialNumber(customer).build();
                Sale sale = new Sale(card, CardCommands.of(product), customer);
                try {
                    while (!sale.exchange(channel::exchange)) {
                        pause(pauseMillis);
                    }
                } catch (Sale.FailedException e) {
                    failed.incrementAndGet();
                }
            }
        } catch (ChannelException e) {
            failed.incrementAndGet();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Begins a session on a module, and leaves it as it is. */
    private synchronized void hold(String module) {
        try {
            Channel channel;
            do {
                channel = channels.open(ChannelRequest.forKeyGroup(0));
                held.add(channel);
            } while (!channel.module().equals(module));
            int customer = customers.incrementAndGet();
            Sale sale = new Sale(Card.builder(CardProduct.CD97).keyGroup(0).serialNumber(customer).build(),
                    CardCommands.of(CardProduct.CD97), customer);
            for (int i = 0; i < HALF_A_SALE; i++) {
                sale.exchange(channel::exchange);
            }
        } catch (ChannelException | Sale.FailedException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pause(int millis) throws InterruptedException {
        if (millis > 0) {
            Thread.sleep(millis);
        }
    }

    /** Has the uses of the first keys of a group counted, each by a counter of its own. */
    private void count(int number, int ceiling) {
        KeyGroup group = keys.keyGroup(number);
        int counter = 0;
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD && counter < COUNTED_KEYS; record++) {
            SamKey key = group.workKeyAt(record);
            if (key != null) {
                byte[] parameters = new byte[SamKey.PARAMETERS];
                for (int i = 0; i < parameters.length; i++) {
                    parameters[i] = (byte) key.parameter(i + 1);
                }
                parameters[3] = (byte) ++counter;
                group.writeKey(new SamKey(key.reference(), key.kif(), key.kvc(), key.alg(), parameters, key.value()));
            }
        }
        int[] ceilings = new int[counter];
        Arrays.fill(ceilings, ceiling);
        group.writeCeilings(1, ceilings, null);
    }
}
