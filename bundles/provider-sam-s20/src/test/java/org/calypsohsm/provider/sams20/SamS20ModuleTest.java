package org.calypsohsm.provider.sams20;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.emulation.ModuleContract;
import org.calypsohsm.emulation.StubEmulation;
import org.calypsohsm.emulation.StubSam;
import org.calypsohsm.emulation.StubStore;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.sam.SamEmulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class SamS20ModuleTest extends ModuleContract {

    private static final byte[] ANY = {(byte) 0x80, (byte) 0x84, 0, 0, 8};

    @TempDir
    private Path folder;

    @Override
    protected SecurityModule start(Settings settings, KeyStore keyStore, SamEmulation emulation) {
        Map<String, Object> values = new HashMap<>();
        values.put("hsm_module_name", settings.name());
        values.put("serialNumber", settings.serialNumber());
        values.put("version", settings.version());
        values.put("form", settings.form());
        values.put("keyGroups", settings.keyGroups());
        return new SamS20Module(Configured.with(SamS20Module.Config.class, values), keyStore, emulation);
    }

    @Override
    protected void stop(SecurityModule module) {
        ((SamS20Module) module).stop();
    }

    @Override
    protected int channels() {
        return 20;
    }

    @Override
    protected String kind() {
        return "SAM-S20";
    }

    @Override
    protected KeyStore keyStore(int... groups) {
        return new TestKeyStore(Configured.with(TestKeyStore.Config.class, Map.of("groups", groups)));
    }

    @Override
    protected SamEmulation emulation() {
        return new SamEmulator(Configured.with(SamEmulator.Config.class, Map.of()));
    }

    private SamS20Module card(long lifetime, StubSam sam) {
        return card(lifetime, "", sam);
    }

    private SamS20Module card(long lifetime, String countFile, StubSam sam) {
        Map<String, Object> values = Map.of("hsm_module_name", "main", "lifetime", lifetime, "countFile", countFile);
        return new SamS20Module(Configured.with(SamS20Module.Config.class, values), keyStore(0), sam.everywhere());
    }

    private static void exchange(ModuleChannel channel, int times) throws ModuleException {
        for (int i = 0; i < times; i++) {
            channel.exchange(ANY);
        }
    }

    private static void assertEndOfLife(SamS20Module card, ModuleChannel channel) {
        assertThat(card.status().state()).isEqualTo(ModuleState.END_OF_LIFE);
        assertThat(card.status().sentence()).contains("has used up its").contains("replace it");
        for (int i = 0; i < 3; i++) {
            assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> channel.exchange(ANY))
                    .withMessageContaining("Module main: The card has used up its")
                    .satisfies(fault -> assertThat(fault.reason()).isEqualTo(ModuleException.Reason.NOT_SERVING));
        }
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> card.open(0))
                .withMessageContaining("Module main is END_OF_LIFE");
    }

    // ---- the lifetime

    @Test
    void theDefaultLifetimeIsSixteenMillionOperations() {
        SamS20Module.Config config = Configured.with(SamS20Module.Config.class, Map.of());
        assertThat(config.lifetime()).isEqualTo(16_000_000);
        assertThat(config.countFile()).isEmpty();
    }

    @Test
    void exchangesExactlyItsLifetime() throws ModuleException {
        StubSam sam = new StubSam();
        SamS20Module card = card(50, sam);
        int selfTest = sam.exchanges.get();
        ModuleChannel first = card.open(0);
        ModuleChannel second = card.open(0);
        exchange(first, 30);
        exchange(second, 19);
        assertThat(card.status().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(card.operationsUsed()).isEqualTo(49);
        assertThat(card.operationsTotal()).isEqualTo(50);
        exchange(first, 1);
        assertEndOfLife(card, first);
        assertEndOfLife(card, second);
        assertThat(sam.exchanges.get() - selfTest).isEqualTo(50);
        first.close();
        second.close();
        assertThat(card.channelsInUse()).isZero();
    }

    @Test
    void tellsTheStateOfAChannelAlsoAtItsEnd() throws ModuleException {
        StubSam sam = new StubSam();
        SamS20Module card = card(1, sam);
        ModuleChannel channel = card.open(0);
        exchange(channel, 1);
        assertEndOfLife(card, channel);
        assertThat(channel.idleState()).isNotNull();
    }

    @Test
    void theEndOfLifeIsTheEndWhateverTheKeyStoreAndTheSelfTestSay() throws ModuleException {
        StubStore store = new StubStore(keyStore(0));
        StubEmulation emulation = new StubSam().everywhere();
        SamS20Module card = new SamS20Module(
                Configured.with(SamS20Module.Config.class, Map.of("hsm_module_name", "main", "lifetime", 2L)), store, emulation);
        ModuleChannel channel = card.open(0);
        exchange(channel, 1);
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        assertThat(card.status().state()).isEqualTo(ModuleState.LOCKED);
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> channel.exchange(ANY)).withMessageContaining("is LOCKED");
        store.become(KeyStoreStatus.State.OPEN, "It is open.");
        assertThat(card.status().state()).as("what is refused is not counted").isEqualTo(ModuleState.OPERATIONAL);
        exchange(channel, 1);
        assertEndOfLife(card, channel);

        emulation.selfTest = () -> {
            throw new IllegalStateException("broken.");
        };
        assertThat(card.selfTest().state()).isEqualTo(ModuleState.END_OF_LIFE);
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        assertThat(card.status().state()).isEqualTo(ModuleState.END_OF_LIFE);
        emulation.selfTest = () -> { };
        store.become(KeyStoreStatus.State.OPEN, "It is open.");
        assertEndOfLife(card, channel);
        card.stop();
    }

    @Test
    void aCardThatDoesNotStartFollowsNoKeyStore() throws IOException {
        Path file = Files.writeString(folder.resolve("count"), "not a count");
        StubStore store = new StubStore(keyStore(0));
        assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> new SamS20Module(Configured.with(
                SamS20Module.Config.class, Map.of("hsm_module_name", "main", "countFile", file.toString())), store, emulation()));
        assertThat(store.listeners()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 2000})
    void twentyThreadsExchangeNoMoreThanTheLifetime(int lifetime) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(SamS20Module.CHANNELS);
        try {
            for (int round = 0; round < 30; round++) {
                StubSam sam = new StubSam();
                SamS20Module card = card(lifetime, sam);
                int selfTest = sam.exchanges.get();
                CountDownLatch together = new CountDownLatch(SamS20Module.CHANNELS);
                AtomicInteger answered = new AtomicInteger();
                List<Future<?>> running = new ArrayList<>();
                for (int i = 0; i < SamS20Module.CHANNELS; i++) {
                    ModuleChannel channel = card.open(0);
                    running.add(threads.submit(() -> {
                        together.countDown();
                        together.await();
                        try {
                            while (true) {
                                channel.exchange(ANY);
                                answered.incrementAndGet();
                            }
                        } catch (ModuleException e) {
                            return e.reason();
                        }
                    }));
                }
                for (Future<?> thread : running) {
                    assertThat(thread.get(10, TimeUnit.SECONDS)).isEqualTo(ModuleException.Reason.NOT_SERVING);
                }
                assertThat(answered).hasValue(lifetime);
                assertThat(sam.exchanges.get() - selfTest).isEqualTo(lifetime);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void warnsInItsStateAndInTheLog() throws ModuleException {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(SamS20Module.class);
        log.start();
        logger.addAppender(log);
        try {
            SamS20Module card = card(200, new StubSam());
            ModuleChannel channel = card.open(0);
            int used = 0;
            for (int percent : new int[] {80, 90, 95}) {
                exchange(channel, 2 * percent - 1 - used);
                assertThat(card.status().sentence()).doesNotContain(percent + " %");
                assertThat(log.list).noneMatch(event -> event.getFormattedMessage().contains(percent + " %"));
                exchange(channel, 1);
                used = 2 * percent;
                assertThat(card.status().state()).isEqualTo(ModuleState.OPERATIONAL);
                assertThat(card.status().sentence()).isEqualTo("It has used up " + percent + " % of its 200 operations; have another card ready.");
                card.open(0).close();
            }
            assertThat(log.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN, Level.WARN, Level.WARN);
            assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).containsExactly(
                    "Module main has used up 80 % of its 200 operations; have another card ready.",
                    "Module main has used up 90 % of its 200 operations; have another card ready.",
                    "Module main has used up 95 % of its 200 operations; have another card ready.");
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void warnsAgainWhenItStarts() throws ModuleException {
        String file = folder.resolve("count").toString();
        SamS20Module card = card(100, file, new StubSam());
        exchange(card.open(0), 91);
        card.stop();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(SamS20Module.class);
        log.start();
        logger.addAppender(log);
        try {
            SamS20Module again = card(100, file, new StubSam());
            assertThat(again.status().sentence()).contains("90 %");
            assertThat(log.list).singleElement().satisfies(event -> assertThat(event.getFormattedMessage()).contains("90 %"));
            again.stop();
        } finally {
            logger.detachAppender(log);
        }
    }

    // ---- the count file

    @Test
    void goesOnCountingAfterAStop() throws ModuleException {
        String file = folder.resolve("count").toString();
        int[] uses = {10, 15, 5};
        for (int use : uses) {
            SamS20Module card = card(30, file, new StubSam());
            exchange(card.open(0), use);
            card.stop();
        }
        SamS20Module used = card(30, file, new StubSam());
        assertThat(used.status().state()).isEqualTo(ModuleState.END_OF_LIFE);
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> used.open(0));
        used.stop();
    }

    @Test
    void neverExchangesMoreThanItsLifetimeHoweverOftenItCrashes() throws ModuleException {
        String file = folder.resolve("count").toString();
        int lifetime = 20 * OperationMeter.BLOCK;
        int exchanged = 0;
        SamS20Module card = card(lifetime, file, new StubSam());
        while (card.status().state() == ModuleState.OPERATIONAL) {
            exchange(card.open(0), 700);
            exchanged += 700;
            // No stop: that is the crash.
            card = card(lifetime, file, new StubSam());
        }
        assertThat(exchanged).isBetween(lifetime / 3, lifetime);
        assertThat(card.status().state()).isEqualTo(ModuleState.END_OF_LIFE);
    }

    @Test
    void doesNotStartWithADamagedCountFile() throws IOException {
        Path file = Files.writeString(folder.resolve("count"), "not a count");
        assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> card(30, file.toString(), new StubSam()))
                .withMessageContaining(file.toString()).withMessageContaining("11 bytes instead of 16");
    }

    @Test
    void exchangesNothingThatItCannotCount() throws ModuleException {
        StubSam sam = new StubSam();
        SamS20Module card = card(30, folder.resolve("count").toString(), sam);
        ModuleChannel channel = card.open(0);
        exchange(channel, 1);
        int before = sam.exchanges.get();
        card.stop();
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> channel.exchange(ANY))
                .withMessageContaining("Module main").withMessageContaining("cannot be written")
                .satisfies(fault -> assertThat(fault.reason()).isEqualTo(ModuleException.Reason.FAILED));
        assertThat(sam.exchanges).hasValue(before);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void needsALifetime(long lifetime) {
        assertThatIllegalArgumentException().isThrownBy(() -> card(lifetime, new StubSam()))
                .withMessage("Module main: a lifetime is at least 1 operation, not " + lifetime + ".");
    }
}
