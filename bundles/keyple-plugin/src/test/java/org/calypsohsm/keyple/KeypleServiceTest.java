package org.calypsohsm.keyple;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.annotation.Annotation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.keyple.service.PluginService;
import org.calypsohsm.manager.TestManager;
import org.calypsohsm.module.ModuleState;
import org.calypsonet.terminal.card.CardBrokenCommunicationException;
import org.calypsonet.terminal.card.ReaderBrokenCommunicationException;
import org.calypsonet.terminal.reader.CardReader;
import org.calypsonet.terminal.reader.selection.spi.SmartCard;
import org.eclipse.keyple.core.plugin.PluginIOException;
import org.eclipse.keyple.core.plugin.spi.PoolPluginSpi;
import org.eclipse.keyple.core.plugin.spi.reader.PoolReaderSpi;
import org.eclipse.keyple.core.service.KeyplePluginException;
import org.eclipse.keyple.core.service.PoolPlugin;
import org.eclipse.keyple.core.service.SmartCardService;
import org.eclipse.keyple.core.service.SmartCardServiceProvider;
import org.eclipse.keyple.core.service.resource.CardResource;
import org.eclipse.keyple.core.service.resource.CardResourceProfileConfigurator;
import org.eclipse.keyple.core.service.resource.CardResourceService;
import org.eclipse.keyple.core.service.resource.CardResourceServiceProvider;
import org.eclipse.keyple.core.service.resource.PoolPluginsConfigurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The plugin in Keyple's smart card service and its card resource service, both unmodified, over the real channel manager. */
class KeypleServiceTest {

    private static final String NAME = "hsm";
    private static final byte[] COMMAND = {(byte) 0x80, 0x14, 0, 0, 2, 1, 2};
    private static final int CYCLE_MILLIS = 5;
    private static final int PATIENCE_MILLIS = 30_000;

    private final SmartCardService keyple = SmartCardServiceProvider.getService();
    private final CardResourceService resources = CardResourceServiceProvider.getService();
    private final TestManager manager = new TestManager();
    private final TestModule first = new TestModule("first", 0xA1B2C3D4, 2, 0, 1);
    private final TestModule second = new TestModule("second", 0x00000007, 2, 0, 10);
    private PoolPlugin plugin;
    private boolean started;

    @BeforeEach
    void begin() {
        manager.come(first);
        manager.come(second);
        plugin = register(new ChannelPluginFactory(manager.channels(), NAME, Duration.ZERO, Duration.ZERO));
    }

    private PoolPlugin register(ChannelPluginFactory factory) {
        return (PoolPlugin) keyple.registerPlugin(factory);
    }

    @AfterEach
    void end() {
        if (started) {
            resources.stop();
        }
        keyple.unregisterPlugin(plugin.getName());
        assertThat(manager.open()).as("channels left").isZero();
        manager.close();
        assertThat(first.open).hasValue(0);
        assertThat(second.open).hasValue(0);
    }

    // ---- smart card service

    @Test
    void readerGroupsAreTheKeyGroupsOfTheModulesThatAreThereNow() {
        TestModule third = new TestModule("third", 3, 1, 2);
        manager.come(third);
        assertThat(plugin.getReaderGroupReferences()).containsExactly("0", "1", "2", "10");
        manager.go(first);
        assertThat(plugin.getReaderGroupReferences()).containsExactly("0", "2", "10");
        manager.go(third);
        manager.go(second);
        assertThat(plugin.getReaderGroupReferences()).isEmpty();
    }

    @Test
    void anAllocatedReaderIsAChannelWithItsAtr() throws Exception {
        CardReader reader = plugin.allocateReader("1");
        assertThat(reader.getName()).startsWith("hsm 1/");
        assertThat(plugin.getReaderNames()).containsExactly(reader.getName());
        assertThat(reader.isContactless()).isFalse();
        assertThat(reader.isCardPresent()).isTrue();
        SmartCard sam = select(reader);
        try (Channel same = manager.channels().open(ChannelRequest.forKeyGroup(1))) {
            assertThat(sam.getPowerOnData()).isEqualTo(HexFormat.of().withUpperCase().formatHex(same.atr()));
        }
        assertThat(SamSelection.exchange(reader, COMMAND)).containsExactly(0x80, 0x14, 0, 0, 2, 1, 2, 0x90, 0);
        assertThat(plugin.getSelectedSmartCard(reader)).isNull();
        plugin.releaseReader(reader);
        assertThat(manager.open()).isZero();
        assertThat(plugin.getReaderNames()).isEmpty();
    }

    @Test
    void aSelectionMayBeRepeated() throws Exception {
        CardReader reader = plugin.allocateReader("0");
        for (int i = 0; i < 3; i++) {
            assertThat(select(reader)).isNotNull();
        }
        assertThat(new SamSelection("3B3F9600805A0080E1.*").matches(reader, keyple.createCardSelectionManager())).isNull();
        assertThat(select(reader)).isNotNull();
        assertThat(manager.open()).isEqualTo(1);
    }

    @Test
    void noReaderIsAllocatedWhenAllChannelsAreTaken() {
        List<CardReader> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            readers.add(plugin.allocateReader("0"));
        }
        assertThat(readers).extracting(CardReader::getName).doesNotHaveDuplicates();
        assertNotAllocated("0", "none became free for key group 0 within 0 ms (first 2 of 2 in use, OPERATIONAL, second 2 of 2 in use");
        plugin.releaseReader(readers.get(0));
        assertThat(plugin.allocateReader("0").isCardPresent()).isTrue();
    }

    @Test
    void anUnknownGroupIsNamed() {
        assertNotAllocated("7", "no module has key group 7; present are the key groups [0, 1, 10]");
        assertNotAllocated("-1", "A reader group is the number of a key group, as in \"0\", not \"-1\".");
        assertNotAllocated("gold", "A reader group is the number of a key group, as in \"0\", not \"gold\".");
    }

    @Test
    void aModuleThatIsDrainedMeanwhileIsNotNoticed() throws Exception {
        CardReader reader = plugin.allocateReader("0");
        String before = select(reader).getPowerOnData();
        String module = manager.channels().modules().stream().filter(report -> report.channelsInUse() == 1).findFirst().orElseThrow().name();
        manager.channels().drain(module, Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(SamSelection.exchange(reader, COMMAND)).hasSize(COMMAND.length + 2);
        assertThat(select(reader).getPowerOnData()).isEqualTo(before);
        plugin.releaseReader(reader);
        assertThat(select(plugin.allocateReader("0"))).as("opened on the other module").isNotNull();
    }

    @Test
    void aLostSessionIsACardThatIsGone() throws Exception {
        CardReader reader = plugin.allocateReader("1");
        select(reader);
        first.beginSessions();
        manager.channels().drain("first", Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> SamSelection.exchange(reader, COMMAND)).isInstanceOf(CardBrokenCommunicationException.class)
                .rootCause().hasMessageContaining("on module first");
        assertThat(reader.isCardPresent()).isFalse();
        assertThatThrownBy(() -> select(reader)).rootCause()
                .hasMessageContaining("has ended; release reader " + reader.getName() + " and allocate another.");
        plugin.releaseReader(reader);
    }

    @Test
    void aChannelThatNoModuleCanServeIsAReaderAtFaultAndGoesOnLater() throws Exception {
        CardReader reader = plugin.allocateReader("1");
        select(reader);
        manager.go(first);
        assertThatThrownBy(() -> SamSelection.exchange(reader, COMMAND)).isInstanceOf(ReaderBrokenCommunicationException.class)
                .rootCause().hasMessageContaining("Channel ");
        assertThat(reader.isCardPresent()).isTrue();
        manager.come(first);
        assertThat(SamSelection.exchange(reader, COMMAND)).hasSize(COMMAND.length + 2);
    }

    @Test
    void unregisteringThePluginClosesItsChannels() {
        plugin.allocateReader("0");
        plugin.allocateReader("1");
        assertThat(manager.open()).isEqualTo(2);
        keyple.unregisterPlugin(NAME);
        assertThat(manager.open()).isZero();
        plugin = register(new ChannelPluginFactory(manager.channels()));
        assertThat(plugin.getName()).isEqualTo(ChannelPluginFactory.DEFAULT_NAME);
        assertThat(plugin.allocateReader("0").isCardPresent()).isTrue();
    }

    @Test
    void aPluginReleasesItsOwnReadersOnly() throws Exception {
        PoolPluginSpi one = new ChannelPluginFactory(manager.channels(), "one", Duration.ZERO, Duration.ZERO).getPoolPlugin();
        PoolReaderSpi reader = one.allocateReader(null);
        assertThat(manager.open()).isEqualTo(1);
        one.releaseReader(reader);
        assertThat(manager.open()).as("also without the service around it").isZero();
        assertThatThrownBy(() -> one.releaseReader(null)).isInstanceOf(PluginIOException.class).hasMessageContaining("is not of plugin one");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ChannelPluginFactory(manager.channels(), " ", Duration.ZERO, Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ChannelPluginFactory(manager.channels(), "one", Duration.ofMillis(-1), Duration.ZERO));
    }

    @Test
    void anAllocationWaitsForAsLongAsThePluginIsTold() throws Exception {
        ChannelPluginFactory patient = new ChannelPluginFactory(manager.channels(), "patient", Duration.ofMinutes(1), Duration.ZERO);
        PoolPlugin waiting = register(patient);
        try {
            CardReader one = plugin.allocateReader("1");
            CardReader other = plugin.allocateReader("1");
            CompletableFuture<CardReader> third = CompletableFuture.supplyAsync(() -> waiting.allocateReader("1"));
            await().until(() -> third.isDone() || manager.waiting() == 1);
            assertThat(third).isNotDone();
            plugin.releaseReader(one);
            assertThat(third.get(30, TimeUnit.SECONDS).isCardPresent()).isTrue();
            plugin.releaseReader(other);
        } finally {
            keyple.unregisterPlugin("patient");
        }
    }

    // ---- card resource service

    @Test
    void resourcesOfSeveralGroupsAreAllocatedAndReleased() throws Exception {
        configure(false, 0, SamSelection.HSM_C1);
        CardResource zero = resources.getCardResource("0");
        CardResource one = resources.getCardResource("1");
        CardResource ten = resources.getCardResource("10");
        assertThat(one.getSmartCard().getPowerOnData()).contains("A1B2C3D4");
        assertThat(ten.getSmartCard().getPowerOnData()).contains("00000007");
        for (CardResource resource : List.of(zero, one, ten)) {
            assertThat(SamSelection.exchange(resource.getReader(), COMMAND)).hasSize(COMMAND.length + 2);
            resources.releaseCardResource(resource);
        }
        assertThat(manager.open()).isZero();
    }

    @Test
    void withoutBlockingNoResourceMeansNull() {
        configure(false, 0, SamSelection.HSM_C1);
        assertThat(resources.getCardResource("1")).isNotNull();
        assertThat(resources.getCardResource("1")).isNotNull();
        assertThat(resources.getCardResource("1")).isNull();
        assertThat(resources.getCardResource("10")).isNotNull();
    }

    @Test
    void aBlockingAllocationGetsTheNextResourceThatIsReleased() throws Exception {
        configure(true, PATIENCE_MILLIS, SamSelection.HSM_C1);
        CardResource one = resources.getCardResource("1");
        CardResource other = resources.getCardResource("1");
        assertThat(other).isNotNull();
        CompletableFuture<CardResource> waiting = CompletableFuture.supplyAsync(() -> resources.getCardResource("1"));
        int refusals = manager.refused();
        await().until(() -> waiting.isDone() || manager.refused() > refusals + 2);
        assertThat(waiting).isNotDone();
        resources.releaseCardResource(one);
        assertThat(waiting.get(30, TimeUnit.SECONDS)).isNotNull();
        assertThat(manager.open()).isEqualTo(2);
    }

    @Test
    void aBlockingAllocationGivesUpAtItsTimeout() {
        configure(true, 3 * CYCLE_MILLIS, SamSelection.HSM_C1);
        resources.getCardResource("1");
        resources.getCardResource("1");
        assertThat(resources.getCardResource("1")).isNull();
        assertThat(manager.open()).isEqualTo(2);
    }

    @Test
    void aBlockingAllocationGoesOnWhenAModuleComes() throws Exception {
        configure(true, PATIENCE_MILLIS, SamSelection.HSM_C1);
        first.become(ModuleState.LOCKED, "It waits for startup cards.");
        manager.go(second);
        await().until(() -> manager.channels().modules().get(0).state().equals("LOCKED"));
        CompletableFuture<CardResource> waiting = CompletableFuture.supplyAsync(() -> resources.getCardResource("0"));
        int refusals = manager.refused();
        await().until(() -> waiting.isDone() || manager.refused() > refusals);
        assertThat(waiting).isNotDone();
        manager.come(second);
        assertThat(waiting.get(30, TimeUnit.SECONDS).getSmartCard().getPowerOnData()).contains("00000007");
    }

    @Test
    void aReaderThatKeypleForgetsIsTakenBackWhenItsLeaseRunsOut() {
        keyple.unregisterPlugin(NAME);
        plugin = register(new ChannelPluginFactory(manager.channels(), NAME, Duration.ZERO, Duration.ofMillis(50)));
        configure(false, 0, "NO SUCH ATR");
        // Keyple allocates, finds that the SAM does not match, and does not release.
        assertThat(resources.getCardResource("0")).isNull();
        await().until(() -> manager.open() == 0);
    }

    @Test
    void manyClientsShareFewChannelsWhileModulesAreDrained() throws Exception {
        configure(true, PATIENCE_MILLIS, SamSelection.HSM_C1);
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(clients.submit(() -> {
                    int exchanges = 0;
                    for (int j = 0; j < 25; j++) {
                        CardResource resource = resources.getCardResource("0");
                        exchanges += SamSelection.exchange(resource.getReader(), COMMAND).length == COMMAND.length + 2 ? 1 : 0;
                        resources.releaseCardResource(resource);
                    }
                    return exchanges;
                }));
            }
            for (String module : List.of("first", "second")) {
                manager.channels().drain(module, Duration.ofSeconds(20)).toCompletableFuture().get(30, TimeUnit.SECONDS);
                manager.channels().undrain(module);
            }
            for (Future<Integer> each : all) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(25);
            }
        } finally {
            clients.shutdownNow();
        }
        assertThat(manager.open()).isZero();
    }

    // ---- the service of the container

    @Test
    void whenTheServiceGoesItsChannelsAreClosedAndItAllocatesNoMore() {
        PluginService service = new PluginService(new PluginService.Config() {

            @Override
            public Class<? extends Annotation> annotationType() {
                return PluginService.Config.class;
            }

            @Override
            public String name() {
                return "service";
            }

            @Override
            public long deadlineMillis() {
                return 0;
            }

            @Override
            public long idleTimeoutMillis() {
                return 0;
            }
        }, manager.channels());
        PoolPlugin served = (PoolPlugin) keyple.registerPlugin(service);
        try {
            CardReader reader = served.allocateReader("0");
            service.stop();
            assertThat(manager.open()).isZero();
            assertThat(reader.isCardPresent()).isFalse();
            assertThatThrownBy(() -> served.allocateReader("0")).isInstanceOf(KeyplePluginException.class)
                    .hasMessageContaining("Plugin service is closed, or its channel manager has gone; register it again.");
            assertThatThrownBy(served::getReaderGroupReferences).hasMessageContaining("register it again");
        } finally {
            keyple.unregisterPlugin("service");
        }
    }

    private void configure(boolean blocking, int timeoutMillis, String powerOnData) {
        var configurator = resources.getConfigurator()
                .withPoolPlugins(PoolPluginsConfigurator.builder().addPoolPlugin(plugin).build())
                .withCardResourceProfiles(profile("0", powerOnData), profile("1", powerOnData), profile("10", powerOnData));
        if (blocking) {
            configurator.withBlockingAllocationMode(CYCLE_MILLIS, timeoutMillis);
        }
        configurator.configure();
        resources.start();
        started = true;
    }

    private static CardResourceProfileConfigurator profile(String group, String powerOnData) {
        return CardResourceProfileConfigurator.builder(group, new SamSelection(powerOnData)).withReaderGroupReference(group).build();
    }

    private SmartCard select(CardReader reader) {
        return new SamSelection(SamSelection.HSM_C1).matches(reader, keyple.createCardSelectionManager());
    }

    private void assertNotAllocated(String group, String reason) {
        assertThatThrownBy(() -> plugin.allocateReader(group)).isInstanceOf(KeyplePluginException.class).hasMessageContaining(reason);
    }
}
