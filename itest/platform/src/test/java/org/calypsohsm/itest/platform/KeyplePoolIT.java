package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsonet.terminal.reader.CardReader;
import org.eclipse.keyple.core.common.KeyplePluginExtensionFactory;
import org.eclipse.keyple.core.service.KeyplePluginException;
import org.eclipse.keyple.core.service.PoolPlugin;
import org.eclipse.keyple.core.service.SmartCardServiceProvider;
import org.eclipse.keyple.core.service.resource.CardResource;
import org.eclipse.keyple.core.service.resource.CardResourceProfileConfigurator;
import org.eclipse.keyple.core.service.resource.CardResourceService;
import org.eclipse.keyple.core.service.resource.CardResourceServiceProvider;
import org.eclipse.keyple.core.service.resource.PoolPluginsConfigurator;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

/** Keyple's card resource service in the container gets its SAMs from the plugin, which it finds as a service, and sells. */
public class KeyplePoolIT extends HsmTest {

    private static final String MAIN = "main";
    private static final String SPARE = "spare";

    private final CardResourceService resources = CardResourceServiceProvider.getService();
    private ChannelManager channels;
    private PoolPlugin plugin;

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().withoutFaults()
                .with(Repository.jar("org.calypsohsm.keyple"), KeypleBundle.make())
                .configure("org.calypsohsm.keyple", Map.of("name", "hsm"))
                .configure("org.calypsohsm.provider.sams20~spare", Map.of("form", "HSM_C1"));
    }

    @Before
    public void register() {
        channels = hsm().channels();
        hsm().awaitModule(MAIN);
        hsm().awaitModule(SPARE);
        plugin = (PoolPlugin) SmartCardServiceProvider.getService().registerPlugin(hsm().await(KeyplePluginExtensionFactory.class));
        resources.getConfigurator()
                .withPoolPlugins(PoolPluginsConfigurator.builder().addPoolPlugin(plugin).build())
                .withCardResourceProfiles(profile("0"), profile("1"))
                .withBlockingAllocationMode(5, 20_000)
                .configure();
        resources.start();
    }

    private static CardResourceProfileConfigurator profile(String group) {
        return CardResourceProfileConfigurator.builder(group, new KeypleSam(KeypleSam.HSM_C1)).withReaderGroupReference(group).build();
    }

    @After
    public void unregister() {
        resources.stop();
        SmartCardServiceProvider.getService().unregisterPlugin("hsm");
        assertEquals("channels left", List.of(), channels.channels());
    }

    @Test
    public void readerGroupsAreTheKeyGroups() {
        assertEquals("hsm", plugin.getName());
        assertEquals(List.of("0", "1"), List.copyOf(plugin.getReaderGroupReferences()));
    }

    @Test
    public void salesGoOnWhileTheModuleOfTheSamIsDrained() throws Exception {
        for (CardProduct product : CardProduct.values()) {
            CardResource sam = resources.getCardResource("0");
            String module = channels.channels().get(0).module();
            sell(sam, product, 1);
            channels.drain(module, Duration.ofSeconds(20)).toCompletableFuture().get(30, TimeUnit.SECONDS);
            sell(sam, product, 2);
            assertFalse("the channel moved", channels.channels().get(0).module().equals(module));
            channels.undrain(module);
            resources.releaseCardResource(sam);
            assertEquals(List.of(), channels.channels());
        }
    }

    private static void sell(CardResource sam, CardProduct product, int number) throws Exception {
        Card card = Card.builder(product).keyGroup(0).serialNumber(number).build();
        Sale sale = new Sale(card, CardCommands.of(product), number);
        boolean complete = false;
        while (!complete) {
            complete = sale.exchange(command -> KeypleSam.exchange(sam.getReader(), command));
        }
    }

    @Test
    public void whoWaitsForASamGetsTheNextOneThatIsReleased() throws Exception {
        // Only the spare module, which has 20 channels.
        channels.drain(MAIN, Duration.ZERO).toCompletableFuture().get(30, TimeUnit.SECONDS);
        try {
            List<CardResource> taken = IntStream.range(0, 20).mapToObj(i -> resources.getCardResource("0")).toList();
            assertTrue(taken.stream().allMatch(sam -> sam.getSmartCard().getPowerOnData().contains("C0000001")));
            CompletableFuture<CardResource> waiting = CompletableFuture.supplyAsync(() -> resources.getCardResource("0"));
            KeyplePluginException refusal = assertThrows(KeyplePluginException.class, () -> plugin.allocateReader("0"));
            assertTrue(refusal.getMessage(), refusal.getMessage().contains("spare 20 of 20 in use"));
            assertFalse(waiting.isDone());
            resources.releaseCardResource(taken.get(7));
            CardResource next = waiting.get(30, TimeUnit.SECONDS);
            assertNotNull(next);
            resources.releaseCardResource(next);
            taken.stream().filter(sam -> sam != taken.get(7)).forEach(resources::releaseCardResource);
        } finally {
            channels.undrain(MAIN);
        }
    }

    @Test
    public void theServiceGoesWithTheChannelManagerAndComesBack() throws Exception {
        CardReader reader = plugin.allocateReader("0");
        Bundle manager = hsm().bundle("org.calypsohsm.manager");
        manager.stop();
        try {
            assertNull(hsm().context().getServiceReference(KeyplePluginExtensionFactory.class));
            assertFalse(reader.isCardPresent());
            assertThrows(KeyplePluginException.class, () -> plugin.allocateReader("0"));
        } finally {
            manager.start();
        }
        resources.stop();
        SmartCardServiceProvider.getService().unregisterPlugin("hsm");
        register();
        CardResource sam = resources.getCardResource("1");
        assertEquals(6, KeypleSam.exchange(sam.getReader(), KeypleSam.GET_CHALLENGE).length);
        resources.releaseCardResource(sam);
    }
}
