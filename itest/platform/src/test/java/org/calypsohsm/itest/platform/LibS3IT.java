package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

import com.spirtech.csm.Csm;
import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmException;
import com.spirtech.csm.CsmInfoRecord;
import com.spirtech.csm.CsmKeyInfo;
import com.spirtech.csm.CsmSystem;

/** Servers that are written for Lib-S3 and know nothing else, in the container: they sell while modules come, go and are drained. */
public class LibS3IT extends HsmTest {

    private static final String MAIN = "main";
    private static final String SPARE = "spare";
    private static final int CLIENTS = 8;

    private final CsmSystem system = CsmSystem.getInstance();
    private ChannelManager channels;

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().withoutFaults()
                .with(Repository.jar("org.calypsohsm.libs3"))
                .configure("org.calypsohsm.provider.sams20~spare", Map.of("form", "HSM_C1"));
    }

    @Before
    public void initialize() throws CsmException {
        channels = hsm().channels();
        hsm().awaitModule(MAIN);
        hsm().awaitModule(SPARE);
        system.Initialize();
    }

    @After
    public void free() throws CsmException {
        system.Free();
        assertEquals("channels left", List.of(), channels.channels());
    }

    private Csm csm(String name) throws CsmException {
        return system.getCsmList().stream().filter(csm -> csm.toString().equals(name)).findFirst().orElseThrow();
    }

    @Test
    public void modulesAreListedWithWhatTheyAre() throws Exception {
        assertEquals(List.of(MAIN, SPARE), system.getCsmList().stream().map(Csm::toString).toList());
        CsmInfoRecord infos = csm(MAIN).getInfos();
        assertEquals(0xB0000001, infos.getSerialNumber());
        assertEquals(1, infos.getCsmVersion());
        assertEquals(500, infos.getChannelsTotal());
        assertEquals(List.of(0, 1), csm(MAIN).getKeyList().stream().map(CsmKeyInfo::getKeyGroup).toList());
        assertEquals(List.of(0), csm(SPARE).getKeyList().stream().map(CsmKeyInfo::getKeyGroup).toList());
        CsmException fault = assertThrows(CsmException.class, () -> csm(SPARE).channelOpen(1));
        assertEquals(CsmException.kHsmErrKeyGroup, fault.getCode());
    }

    @Test
    public void theAtrThatAServerBuildsIsThatOfTheChannel() throws Exception {
        for (String module : List.of(MAIN, SPARE)) {
            // Only this module takes channels.
            String other = module.equals(MAIN) ? SPARE : MAIN;
            channels.drain(other, Duration.ZERO).toCompletableFuture().get(20, TimeUnit.SECONDS);
            try (Channel same = hsm().open(0)) {
                CsmChannel channel = csm(other).channelOpen(0);
                assertEquals(module, channel.getCsm().toString());
                CsmInfoRecord infos = channel.getCsm().getInfos();
                int serial = infos.fSerialNumber;
                assertArrayEquals(same.atr(), new byte[] {0x3B, 0x3F, (byte) 0x96, 0, (byte) 0x80, 0x5A, 0, (byte) 0x80, (byte) 0xC1,
                    0x08, (byte) infos.fCsmVersion, 0, (byte) (serial >> 24), (byte) (serial >> 16), (byte) (serial >> 8),
                    (byte) serial, (byte) 0x82, (byte) 0x90, 0});
                channel.close();
            } finally {
                channels.undrain(other);
            }
        }
    }

    @Test
    public void allChannelsOfAllModulesCanBeOpenedAtOneOfThem() throws Exception {
        List<CsmChannel> open = new ArrayList<>();
        for (int i = 0; i < 520; i++) {
            CsmChannel channel = csm(SPARE).channelOpen(0);
            assertNotNull("channel " + i, channel);
            open.add(channel);
        }
        assertNull(csm(SPARE).channelOpen(0));
        assertNull(csm(MAIN).channelOpen(0));
        assertEquals(20, open.stream().filter(channel -> channel.getCsm().toString().equals(SPARE)).count());
    }

    @Test
    public void serversSellWhileModulesComeAndGoAndAreDrained() throws Exception {
        AtomicBoolean selling = new AtomicBoolean(true);
        AtomicInteger sold = new AtomicInteger();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Integer>> sales = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                Callable<Integer> seller = () -> sell(number, selling, sold);
                sales.add(clients.submit(seller));
            }
            awaitSales(sold, 50);
            for (String module : List.of(MAIN, SPARE)) {
                var report = channels.drain(module, Duration.ofSeconds(20)).toCompletableFuture().get(30, TimeUnit.SECONDS);
                assertEquals("sessions lost with " + module, 0, report.lost());
                awaitSales(sold, sold.get() + 50);
                channels.undrain(module);
            }
            for (String provider : List.of("org.calypsohsm.provider.sams20", "org.calypsohsm.provider.pcis3")) {
                Bundle bundle = hsm().bundle(provider);
                bundle.stop();
                try {
                    awaitSales(sold, sold.get() + 50);
                    assertEquals(1, system.getCsmList().size());
                } finally {
                    bundle.start();
                }
                hsm().awaitModule(MAIN);
                hsm().awaitModule(SPARE);
            }
            assertEquals(List.of(MAIN, SPARE), system.getCsmList().stream().map(Csm::toString).toList());
            selling.set(false);
            int all = 0;
            for (Future<Integer> each : sales) {
                int count = each.get(30, TimeUnit.SECONDS);
                assertTrue("every client sold", count > 0);
                all += count;
            }
            assertEquals(sold.get(), all);
            assertEquals("channels left", List.of(), channels.channels());
        } finally {
            selling.set(false);
            clients.shutdownNow();
        }
    }

    private void awaitSales(AtomicInteger sold, int number) {
        hsm().await("sale number " + number, () -> sold.get() >= number);
    }

    /** A server as the public callers are: its list of modules is as old as itself. */
    private int sell(int client, AtomicBoolean selling, AtomicInteger sold) throws Exception {
        Csm csm = system.getCsmList().get(client % 2);
        CardProduct[] products = CardProduct.values();
        int sales = 0;
        while (selling.get()) {
            CardProduct product = products[sales % products.length];
            Card card = Card.builder(product).keyGroup(0).serialNumber(client * 100_000L + sales).build();
            CsmChannel channel = csm.channelOpen(0);
            assertNotNull("a channel", channel);
            Sale sale = new Sale(card, CardCommands.of(product), sales);
            boolean complete = false;
            while (!complete) {
                complete = sale.exchange(channel::apduExchange);
            }
            channel.close();
            sales++;
            sold.incrementAndGet();
        }
        return sales;
    }

    @Test
    public void aChannelManagerThatIsMadeAnewServesTheSameServer() throws Exception {
        Csm csm = csm(MAIN);
        CsmChannel before = csm.channelOpen(0);
        Bundle manager = hsm().bundle("org.calypsohsm.manager");
        manager.stop();
        try {
            assertThrows(CsmException.class, system::getCsmList);
            assertThrows(CsmException.class, () -> before.apduExchange(new byte[] {(byte) 0x80, (byte) 0x84, 0, 0, 4}));
        } finally {
            manager.start();
        }
        channels = hsm().channels();
        hsm().awaitModule(MAIN);
        hsm().awaitModule(SPARE);
        CsmChannel after = csm.channelOpen(0);
        assertEquals(6, after.apduExchange(new byte[] {(byte) 0x80, (byte) 0x84, 0, 0, 4}).length);
        after.close();
    }
}
