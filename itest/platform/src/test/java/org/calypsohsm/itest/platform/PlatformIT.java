package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;

/** The platform in a real container: every bundle starts, services come and go, and channels go on meanwhile. */
public class PlatformIT extends HsmTest {

    private static final byte[] GET_CHALLENGE_4 = {(byte) 0x80, (byte) 0x84, 0x00, 0x00, 0x04};
    private static final String MAIN = "main";
    private static final String SPARE = "spare";
    private static final String PCI_S3_BUNDLE = "org.calypsohsm.provider.pcis3";
    private static final String SAM_S20_BUNDLE = "org.calypsohsm.provider.sams20";

    private ChannelManager channels;

    /** What is shipped, with nothing of the kit between its bundles. */
    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().withoutFaults();
    }

    @Before
    public void findChannels() {
        channels = hsm().channels();
    }

    private boolean isOperational(String module) {
        return channels.modules().stream().anyMatch(report -> report.name().equals(module) && report.state().equals("OPERATIONAL"));
    }

    private int modules(String name) {
        return hsm().services(SecurityModule.class.getName(), "(" + SecurityModule.NAME + "=" + name + ")").size();
    }

    @Test
    public void everyBundleIsActive() {
        for (Bundle bundle : hsm().context().getBundles()) {
            boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
            assertEquals(bundle.getSymbolicName(), fragment ? Bundle.RESOLVED : Bundle.ACTIVE, bundle.getState());
        }
    }

    @Test
    public void everyProductHasItsPlugin() {
        List<String> products = hsm().services(SecurityPlugin.class.getName(), null).stream()
                .map(plugin -> String.valueOf(plugin.getProperty(SecurityPlugin.PRODUCT))).sorted().toList();
        assertEquals(List.of("CD21", "CD97", "Tango"), products);
    }

    @Test
    public void modulesAreReportedAsConfigured() {
        List<ModuleReport> reports = channels.modules();
        assertEquals(List.of(MAIN, SPARE), reports.stream().map(ModuleReport::name).toList());
        assertEquals(List.of("PCI-S3", "SAM-S20"), reports.stream().map(ModuleReport::kind).toList());
        assertEquals(List.of(500, 20), reports.stream().map(ModuleReport::channelsTotal).toList());
        assertEquals(List.of("B0000001", "C0000001"), reports.stream().map(ModuleReport::serialNumber).toList());
        assertTrue(reports.stream().allMatch(ModuleReport::emulated));
    }

    @Test
    public void channelAnswersGetChallenge() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            assertChallenge(channel.exchange(GET_CHALLENGE_4));
        }
    }

    @Test
    public void stoppedProviderTakesItsModuleAway() throws Exception {
        Bundle provider = hsm().bundle(SAM_S20_BUNDLE);
        provider.stop();
        try {
            assertEquals(0, modules(SPARE));
            hsm().await("the module is not reported any more",
                    () -> channels.modules().stream().noneMatch(report -> report.name().equals(SPARE)));
            assertEquals(1, modules(MAIN));
        } finally {
            provider.start();
        }
        hsm().await("the module comes back", () -> modules(SPARE) == 1 && isOperational(SPARE));
    }

    @Test
    public void stoppedPluginTakesItsServiceAway() throws Exception {
        Bundle plugin = hsm().bundle("org.calypsohsm.product.cd21");
        String filter = "(" + SecurityPlugin.PRODUCT + "=CD21)";
        plugin.stop();
        try {
            assertEquals(0, hsm().services(SecurityPlugin.class.getName(), filter).size());
        } finally {
            plugin.start();
        }
        hsm().await("the plugin comes back", () -> hsm().services(SecurityPlugin.class.getName(), filter).size() == 1);
    }

    @Test
    public void channelGoesOnWhileItsProviderStops() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO))) {
            byte[] atr = channel.atr();
            for (int swaps = 0; swaps < 4; swaps++) {
                String before = channel.module();
                Bundle provider = hsm().bundle(before.equals(MAIN) ? PCI_S3_BUNDLE : SAM_S20_BUNDLE);
                assertChallenge(channel.exchange(GET_CHALLENGE_4));
                provider.stop();
                try {
                    assertChallenge(channel.exchange(GET_CHALLENGE_4));
                    assertNotEquals("the channel moved", before, channel.module());
                    assertArrayEquals("the client cannot tell", atr, channel.atr());
                } finally {
                    provider.start();
                }
                hsm().await("module " + before + " comes back", () -> isOperational(before));
            }
        }
    }

    @Test
    public void noExchangeFailsWhileProvidersAreSwappedUnderLoad() throws Exception {
        int clients = 8;
        AtomicBoolean swapping = new AtomicBoolean(true);
        ExecutorService executor = Executors.newFixedThreadPool(clients);
        try {
            List<Future<Integer>> exchanges = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                Callable<Integer> client = () -> exchangeWhile(swapping);
                exchanges.add(executor.submit(client));
            }
            for (int swaps = 0; swaps < 6; swaps++) {
                String module = swaps % 2 == 0 ? MAIN : SPARE;
                Bundle provider = hsm().bundle(swaps % 2 == 0 ? PCI_S3_BUNDLE : SAM_S20_BUNDLE);
                provider.stop();
                assertEquals(0, modules(module));
                provider.start();
                hsm().await("module " + module + " comes back", () -> isOperational(module));
            }
            swapping.set(false);
            for (Future<Integer> client : exchanges) {
                assertTrue("every client got answers", client.get(20, TimeUnit.SECONDS) > 0);
            }
        } finally {
            swapping.set(false);
            executor.shutdownNow();
        }
    }

    private int exchangeWhile(AtomicBoolean going) throws ChannelException, InterruptedException {
        int exchanges = 0;
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            while (going.get()) {
                assertChallenge(channel.exchange(GET_CHALLENGE_4));
                exchanges++;
            }
        }
        return exchanges;
    }

    private static void assertChallenge(byte[] response) {
        assertEquals(6, response.length);
        assertArrayEquals(new byte[] {(byte) 0x90, 0x00}, Arrays.copyOfRange(response, 4, 6));
    }
}
