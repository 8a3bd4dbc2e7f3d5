package org.calypsohsm.emulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.module.tck.ProviderTck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every emulated module has to keep: the conformance suite of all modules, and here what is special to emulation. A provider
 * runs it in its own tests, as a subclass.
 */
@Timeout(30)
public abstract class ModuleContract extends ProviderTck {

    /**
     * How a module is configured.
     *
     * @param name         name of the module
     * @param serialNumber serial number, 8 hexadecimal digits
     * @param version      version of the module
     * @param form         form of its virtual SAM-S1
     * @param keyGroups    key groups that it serves; none means all
     */
    public record Settings(String name, String serialNumber, int version, SamForm form, int... keyGroups) {

        /** What the tests use unless they test the configuration. */
        static final Settings USUAL = new Settings("main", "C0FFEE01", 5, SamForm.HSM_C1);
    }

    private static final int THREADS = 6;

    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final List<SecurityModule> started = new ArrayList<>();
    /** Key stores of the modules of the conformance suite; weak, since it looks for modules that something keeps. */
    private final Map<SecurityModule, StubStore> stores = new WeakHashMap<>();

    /**
     * Starts a module as its component does.
     *
     * @param settings  its configuration
     * @param keyStore  where the key groups are
     * @param emulation makes the virtual SAM-S1
     * @return the module
     */
    protected abstract SecurityModule start(Settings settings, KeyStore keyStore, SamEmulation emulation);

    /** @return its kind */
    protected abstract String kind();

    /** @return a key store with these key groups */
    protected abstract KeyStore keyStore(int... groups);

    /** @return the emulation that the product uses */
    protected abstract SamEmulation emulation();

    @Override
    protected final SecurityModule start(String name) {
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = start(new Settings(name, "C0FFEE01", 5, SamForm.HSM_C1), store, emulation());
        stores.put(module, store);
        return module;
    }

    @Override
    protected final Set<Integer> keyGroups() {
        return Set.of(0, 3);
    }

    @Override
    protected final boolean lock(SecurityModule module) {
        stores.get(module).become(KeyStoreStatus.State.LOCKED, "It was locked.");
        return true;
    }

    @Override
    protected final void unlock(SecurityModule module) {
        stores.get(module).become(KeyStoreStatus.State.OPEN, "It is open.");
    }

    @AfterEach
    void end() {
        threads.shutdownNow();
        started.forEach(this::stop);
    }

    private SecurityModule module() {
        return module(Settings.USUAL, emulation());
    }

    private SecurityModule module(Settings settings, SamEmulation emulation) {
        return module(settings, keyStore(0, 3), emulation);
    }

    private SecurityModule module(Settings settings, KeyStore keyStore, SamEmulation emulation) {
        SecurityModule module = start(settings, keyStore, emulation);
        started.add(module);
        return module;
    }

    private static byte[] apdu(SamForm form, int ins, byte... rest) {
        byte[] command = new byte[4 + rest.length];
        command[0] = (byte) (form == SamForm.S1D ? 0x94 : 0x80);
        command[1] = (byte) ins;
        System.arraycopy(rest, 0, command, 4, rest.length);
        return command;
    }

    private static byte[] getChallenge(ModuleChannel channel) throws ModuleException {
        byte[] response = channel.exchange(apdu(SamForm.HSM_C1, 0x84, (byte) 8));
        assertThat(StatusWord.of(response)).isEqualTo(StatusWord.OK);
        return Arrays.copyOf(response, 8);
    }

    private static void assertFails(ModuleException.Reason reason, String message, ThrowingCallable call) {
        assertThatExceptionOfType(ModuleException.class).isThrownBy(call).withMessageContaining(message)
                .withMessageContaining("main").satisfies(fault -> assertThat(fault.reason()).isEqualTo(reason));
    }

    // ---- what it says of itself

    @Test
    void saysWhatItIs() {
        SecurityModule module = module();
        assertThat(module.info().name()).isEqualTo("main");
        assertThat(module.info().kind()).isEqualTo(kind());
        assertThat(module.info().serialNumber()).isEqualTo(0xC0FFEE01);
        assertThat(module.info().version()).isEqualTo(5);
        assertThat(module.info().channelsTotal()).isEqualTo(channels());
        assertThat(module.info().emulated()).isTrue();
        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(module.status().sentence()).contains("[0, 3]");
        assertThat(module.keyGroups()).containsExactlyInAnyOrder(0, 3);
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void servesOnlyTheKeyGroupsItIsConfiguredFor() throws ModuleException {
        SecurityModule module = module(new Settings("main", "00000001", 1, SamForm.HSM_C1, 3, 99), emulation());
        assertThat(module.keyGroups()).containsExactly(3);
        module.open(3).close();
        assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group 0, only [3]", () -> module.open(0));
        assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group 99", () -> module.open(99));
    }

    @Test
    void refusesAnUnknownKeyGroupAndReservesNothing() {
        SecurityModule module = module();
        for (int group : new int[] {-1, 1, Integer.MAX_VALUE}) {
            assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group " + group + ", only [0, 3]",
                    () -> module.open(group));
            assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group " + group,
                    () -> module.resume(group, ChannelState.AFTER_RESET));
        }
        assertThat(module.channelsInUse()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void itsChannelsHaveTheAtrOfTheConfiguredForm(SamForm form) throws ModuleException {
        SecurityModule module = module(new Settings("main", "89ABCDEF", 0x7F, form), emulation());
        for (ModuleChannel channel : List.of(module.open(0), module.resume(0, ChannelState.AFTER_RESET))) {
            byte[] atr = channel.atr();
            assertThat(atr).isEqualTo(form.atr(0x89ABCDEF, 0x7F));
            atr[0] = 0;
            assertThat(channel.atr()).isEqualTo(form.atr(0x89ABCDEF, 0x7F));
            assertThat(channel.exchange(apdu(form, 0x84, (byte) 8))).hasSize(10);
        }
    }

    // ---- the limit

    @Test
    void opensExactlyItsChannels() throws ModuleException {
        SecurityModule module = module();
        List<ModuleChannel> open = new ArrayList<>();
        for (int i = 0; i < channels(); i++) {
            open.add(i % 2 == 0 ? module.open(i % 4 == 0 ? 0 : 3) : module.resume(0, ChannelState.AFTER_RESET));
        }
        assertThat(module.channelsInUse()).isEqualTo(channels());
        assertFails(ModuleException.Reason.FULL, "All " + channels() + " channels", () -> module.open(0));
        assertFails(ModuleException.Reason.FULL, "channels", () -> module.resume(3, ChannelState.AFTER_RESET));
        assertThat(module.channelsInUse()).isEqualTo(channels());

        open.remove(0).close();
        open.add(module.open(3));
        assertFails(ModuleException.Reason.FULL, "channels", () -> module.open(0));

        open.forEach(ModuleChannel::close);
        assertThat(module.channelsInUse()).isZero();
    }

    // ---- channels

    @Test
    void tellsNoStateWhileASessionIsRunning() throws ModuleException {
        boolean[] session = {false};
        StubSam sam = new StubSam() {
            @Override
            public ChannelState idleState() {
                return session[0] ? null : super.idleState();
            }
        };
        ModuleChannel channel = module(Settings.USUAL, sam.everywhere()).open(0);
        assertThat(channel.idleState()).isEqualTo(ChannelState.AFTER_RESET);
        session[0] = true;
        assertThat(channel.idleState()).isNull();
    }

    @Test
    void closingAChannelClosesItsSamOnce() throws ModuleException {
        StubSam sam = new StubSam();
        ModuleChannel channel = module(Settings.USUAL, sam.everywhere()).open(0);
        int before = sam.closed.get();
        channel.close();
        channel.close();
        assertThat(sam.closed).hasValue(before + 1);
    }

    @Test
    void reservesNothingWhenNoSamCanBeMade() {
        AtomicInteger made = new AtomicInteger();
        SamEmulation emulation = new StubEmulation(keyGroup -> {
            // The self test takes one for each key group.
            switch (made.incrementAndGet()) {
                case 1, 2:
                    return new StubSam();
                case 3:
                    return null;
                default:
                    throw new IllegalStateException("no more");
            }
        });
        SecurityModule module = module(Settings.USUAL, emulation);
        assertFails(ModuleException.Reason.FAILED, "could not make a virtual SAM", () -> module.open(0));
        assertFails(ModuleException.Reason.FAILED, "no more", () -> module.resume(0, ChannelState.AFTER_RESET));
        assertThat(module.channelsInUse()).isZero();
    }

    // ---- the self test

    static Stream<StubSam> samsThatDoNotWork() {
        byte[] challenge = {1, 2, 3, 4, 5, 6, 7, 8, (byte) 0x90, 0};
        return Stream.of(
                answering(() -> null),
                answering(() -> new byte[0]),
                answering(() -> new byte[] {(byte) 0x90}),
                answering(() -> StatusWord.response(StatusWord.OK)),
                answering(() -> StatusWord.response(StatusWord.UNKNOWN_INSTRUCTION)),
                answering(() -> Arrays.copyOf(challenge, 11)),
                answering(challenge::clone),
                answering(() -> {
                    throw new IllegalStateException("broken");
                }),
                new StubSam() {
                    @Override
                    public byte[] exchange(byte[] command) {
                        return exchanges.getAndIncrement() % 2 == 0 ? challenge.clone() : StatusWord.response(StatusWord.BUSY);
                    }
                },
                new StubSam() {
                    @Override
                    public byte[] atr() {
                        return new byte[18];
                    }
                },
                new StubSam() {
                    @Override
                    public byte[] atr() {
                        return null;
                    }
                });
    }

    private static StubSam answering(Callable<byte[]> answer) {
        return new StubSam() {
            @Override
            public byte[] exchange(byte[] command) {
                try {
                    return answer.call();
                } catch (RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        };
    }

    @ParameterizedTest
    @MethodSource
    void samsThatDoNotWork(StubSam sam) {
        assertFailed(module(Settings.USUAL, sam.everywhere()));
        assertThat(sam.closed).hasValue(1);
    }

    @Test
    void hasFailedWhenNoSamCanBeMadeAtTheStart() {
        assertFailed(module(Settings.USUAL, new StubEmulation(keyGroup -> null)));
        assertFailed(module(Settings.USUAL, new StubEmulation(keyGroup -> {
            throw new IllegalStateException("no SAM");
        })));
    }

    @Test
    void testsEachKeyGroup() {
        SamEmulation onlyGroup0 = new StubEmulation(keyGroup -> keyGroup.number() == 0 ? new StubSam() : null);
        SecurityModule module = module(Settings.USUAL, onlyGroup0);
        assertFailed(module);
        assertThat(module.status().sentence()).contains("key group 3");
    }

    private static void assertFailed(SecurityModule module) {
        assertThat(module.status().state()).isEqualTo(ModuleState.FAILED);
        assertThat(module.status().sentence()).startsWith("The self test failed in key group ");
        assertFails(ModuleException.Reason.NOT_SERVING, "is FAILED: The self test failed", () -> module.open(0));
        assertFails(ModuleException.Reason.NOT_SERVING, "is FAILED", () -> module.resume(0, ChannelState.AFTER_RESET));
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void testsWhatItsSamsComputeWithInEachKeyGroup() {
        StubEmulation emulation = new StubSam().everywhere();
        module(Settings.USUAL, emulation);
        assertThat(emulation.tested).containsExactly(0, 3);
        emulation.tested.clear();
        module(new Settings("other", "00000001", 1, SamForm.HSM_C1, 3), emulation);
        assertThat(emulation.tested).containsExactly(3);
    }

    static Stream<Throwable> faultsOfASelfTest() {
        return Stream.of(new IllegalStateException("The self test of CD97 under ALG 20 failed: wrong PIN."),
                new NullPointerException("broken"), new NoClassDefFoundError("gone"));
    }

    @ParameterizedTest
    @MethodSource
    void faultsOfASelfTest(Throwable fault) {
        StubEmulation emulation = new StubSam().everywhere();
        emulation.selfTest = throwing(fault);
        SecurityModule module = module(Settings.USUAL, emulation);
        assertFailed(module);
        assertThat(module.status().sentence()).contains("key group 0").contains(fault.getMessage());
    }

    private static Runnable throwing(Throwable fault) {
        return () -> {
            if (fault instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) fault;
        };
    }

    @Test
    void aSelfTestOnDemandFailsAModuleAndAGoodOneBringsItBack() throws ModuleException {
        StubEmulation emulation = new StubSam().everywhere();
        SecurityModule module = module(Settings.USUAL, emulation);
        ModuleChannel channel = module.open(0);
        emulation.selfTest = throwing(new IllegalStateException("The random generator is broken."));

        assertThat(module.selfTest()).isEqualTo(module.status());
        assertThat(module.status().state()).isEqualTo(ModuleState.FAILED);
        assertMute(module, channel, ModuleException.Reason.FAILED, "is FAILED: The self test failed in key group 0: The random");

        emulation.selfTest = () -> { };
        assertThat(module.selfTest().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(getChallenge(channel)).hasSize(8);
        channel.close();
        assertThat(module.channelsInUse()).isZero();
    }

    /** It tells the state of a channel, and computes nothing. */
    private static void assertMute(SecurityModule module, ModuleChannel channel, ModuleException.Reason reason, String message) {
        assertFails(reason, message, () -> channel.exchange(apdu(SamForm.HSM_C1, 0x84, (byte) 8)));
        assertFails(ModuleException.Reason.NOT_SERVING, message, () -> module.open(0));
        assertFails(ModuleException.Reason.NOT_SERVING, message, () -> module.resume(0, ChannelState.AFTER_RESET));
        assertThat(channel.idleState()).isNotNull();
    }

    @Test
    void servesOnWhileItTestsItselfOnDemandAndRunsOneTestAtATime() throws Exception {
        StubEmulation emulation = new StubSam().everywhere();
        SecurityModule module = module(new Settings("main", "00000001", 1, SamForm.HSM_C1, 3), emulation);
        ModuleChannel channel = module.open(3);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        emulation.selfTest = () -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            inside.countDown();
            pass(goOn);
            running.decrementAndGet();
        };
        Future<ModuleStatus> first = threads.submit(module::selfTest);
        inside.await();
        Future<ModuleStatus> second = threads.submit(module::selfTest);

        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(getChallenge(channel)).hasSize(8);
        module.open(3).close();

        goOn.countDown();
        assertThat(first.get().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(second.get().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(most).hasValue(1);
        assertThat(emulation.tested).containsExactly(3, 3, 3);
    }

    private static void pass(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the key store

    @Test
    void isLockedWithItsKeyStoreAndTestsItselfWhenThatOpens() throws ModuleException {
        StubEmulation emulation = new StubSam().everywhere();
        StubStore store = new StubStore(keyStore(0, 3));
        store.become(KeyStoreStatus.State.LOCKED, "It waits for two of three cards.");
        SecurityModule module = module(Settings.USUAL, store, emulation);
        assertThat(module.status().state()).isEqualTo(ModuleState.LOCKED);
        assertThat(module.status().sentence()).contains("It waits for two of three cards.");
        assertThat(module.keyGroups()).isEmpty();
        assertFails(ModuleException.Reason.NOT_SERVING, "is LOCKED: It waits", () -> module.open(0));
        assertThat(module.selfTest().state()).as("stays locked").isEqualTo(ModuleState.LOCKED);
        assertThat(emulation.tested).isEmpty();

        List<ModuleState> during = new ArrayList<>();
        emulation.selfTest = () -> during.add(module.status().state());
        store.become(KeyStoreStatus.State.OPEN, "It is open.");
        assertThat(during).containsExactly(ModuleState.SELF_TEST, ModuleState.SELF_TEST);
        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(emulation.tested).containsExactly(0, 3);
        module.open(3).close();
    }

    @Test
    void isMuteFromTheMomentItsKeyStoreIsLocked() throws ModuleException {
        StubSam sam = new StubSam();
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = module(Settings.USUAL, store, sam.everywhere());
        ModuleChannel channel = module.open(0);
        int before = sam.exchanges.get();

        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        assertMute(module, channel, ModuleException.Reason.NOT_SERVING, "is LOCKED: It was locked.");
        assertThat(sam.exchanges).as("nothing is computed").hasValue(before);

        store.become(KeyStoreStatus.State.OPEN, "It is open.");
        assertThat(getChallenge(channel)).hasSize(8);
        channel.close();
        assertThat(module.channelsInUse()).isZero();
    }

    /** What a store overwrites when it is locked must not be computed with, however soon it is opened again. */
    @Test
    void aChannelGoesOnWithTheKeysOfTheStoreThatWasOpenedAnew() throws ModuleException {
        List<KeyGroup> made = new ArrayList<>();
        List<StubSam> sams = new ArrayList<>();
        StubEmulation emulation = new StubEmulation(keyGroup -> {
            made.add(keyGroup);
            sams.add(new StubSam());
            return sams.get(sams.size() - 1);
        });
        StubStore store = new StubStore(keyStore(0, 3));
        store.quotas.put(3, 1);
        SecurityModule module = module(Settings.USUAL, store, emulation);
        ModuleChannel channel = module.open(3);
        StubSam first = sams.get(sams.size() - 1);
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        store.add(3);
        store.become(KeyStoreStatus.State.OPEN, "It is open.");

        assertThat(getChallenge(channel)).hasSize(8);
        assertThat(first.exchanges).as("of the SAM with the old keys").hasValue(0);
        assertThat(first.closed).hasValue(1);
        assertThat(made.get(made.size() - 1)).isSameAs(store.keyGroup(3));
        StubSam second = sams.get(sams.size() - 1);
        getChallenge(channel);
        assertThat(second.exchanges).as("renewed once").hasValue(2);
        assertThat(store.channelsInUse(3)).isEqualTo(1);
        channel.close();
        assertThat(second.closed).hasValue(1);
        assertThat(store.channelsInUse(3)).isZero();
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void aSessionDoesNotGoOnWhenTheStoreWasLockedMeanwhile() throws ModuleException {
        StubSam sam = new StubSam() {
            @Override
            public ChannelState idleState() {
                return null;
            }
        };
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = module(Settings.USUAL, store, sam.everywhere());
        ModuleChannel channel = module.open(0);
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        store.become(KeyStoreStatus.State.OPEN, "It is open.");
        int before = sam.exchanges.get();
        assertFails(ModuleException.Reason.FAILED, "cannot go on with the session", () -> getChallenge(channel));
        assertThat(sam.exchanges).hasValue(before);
        channel.close();
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void aSelfTestOnDemandLeavesChannelsAsTheyAre() throws ModuleException {
        AtomicInteger made = new AtomicInteger();
        SecurityModule module = module(Settings.USUAL, new StubEmulation(keyGroup -> {
            made.incrementAndGet();
            return new StubSam();
        }));
        ModuleChannel channel = module.open(0);
        module.selfTest();
        int before = made.get();
        getChallenge(channel);
        assertThat(made).hasValue(before);
    }

    @Test
    void failsWithItsKeyStoreWhateverItsSelfTestWouldSay() throws ModuleException {
        StubEmulation emulation = new StubSam().everywhere();
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = module(Settings.USUAL, store, emulation);
        ModuleChannel channel = module.open(0);
        store.become(KeyStoreStatus.State.FAILED, "Its file could not be written.");
        assertMute(module, channel, ModuleException.Reason.FAILED, "is FAILED: Its key store has failed: Its file could not");
        emulation.tested.clear();
        assertThat(module.selfTest().state()).isEqualTo(ModuleState.FAILED);
        assertThat(emulation.tested).isEmpty();
    }

    @Test
    void aStoreThatIsLockedDuringASelfTestHasTheLastWord() throws Exception {
        StubEmulation emulation = new StubSam().everywhere();
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = module(Settings.USUAL, store, emulation);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        emulation.selfTest = () -> {
            inside.countDown();
            pass(goOn);
        };
        Future<ModuleStatus> test = threads.submit(module::selfTest);
        inside.await();
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        assertThat(module.status().state()).as("at once").isEqualTo(ModuleState.LOCKED);
        goOn.countDown();
        assertThat(test.get().state()).isEqualTo(ModuleState.LOCKED);
        assertThat(module.status().state()).isEqualTo(ModuleState.LOCKED);
    }

    @Test
    void theResultOfATestFromBeforeTheStoreWasOpenedAnewDoesNotCount() throws Exception {
        StubEmulation emulation = new StubSam().everywhere();
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = module(new Settings("main", "00000001", 1, SamForm.HSM_C1, 0), store, emulation);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        emulation.selfTest = () -> {
            inside.countDown();
            pass(goOn);
        };
        Future<ModuleStatus> stale = threads.submit(module::selfTest);
        inside.await();
        store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        Future<?> opening = threads.submit(() -> store.become(KeyStoreStatus.State.OPEN, "It is open."));
        await().until(() -> module.status().state() == ModuleState.SELF_TEST);
        List<ModuleState> states = new ArrayList<>();
        emulation.selfTest = () -> states.add(module.status().state());
        goOn.countDown();
        stale.get();
        opening.get();
        assertThat(states).as("in the second test").containsExactly(ModuleState.SELF_TEST);
        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
    }

    @Test
    void followsItsKeyStoreUntilItIsStopped() {
        StubStore store = new StubStore(keyStore(0, 3));
        SecurityModule module = start(Settings.USUAL, store, new StubSam().everywhere());
        assertThat(store.listeners()).isEqualTo(1);
        stop(module);
        assertThat(store.listeners()).isZero();
    }

    @Test
    void opensKeyGroupsThatWereMadeLaterAndNoneThatWasDeleted() throws ModuleException {
        StubStore store = new StubStore(keyStore(0, 3));
        store.remove(3);
        SecurityModule module = module(Settings.USUAL, store, emulation());
        assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group 3", () -> module.open(3));
        store.add(3);
        module.open(3).close();
        store.remove(0);
        assertThat(module.keyGroups()).containsExactly(3);
        assertFails(ModuleException.Reason.UNKNOWN_KEY_GROUP, "no key group 0", () -> module.open(0));
    }

    @Test
    void aKeyGroupThatIsDeletedDuringTheSelfTestIsNoFault() {
        StubEmulation emulation = new StubSam().everywhere();
        StubStore store = new StubStore(keyStore(0, 3));
        emulation.selfTest = () -> store.remove(3);
        assertThat(module(Settings.USUAL, store, emulation).status().state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(emulation.tested).containsExactly(0);
    }

    // ---- quotas

    @Test
    void opensNoMoreChannelsThanTheQuotaOfAKeyGroup() throws ModuleException {
        StubStore store = new StubStore(keyStore(0, 3));
        store.quotas.put(3, 2);
        SecurityModule module = module(Settings.USUAL, store, emulation());
        ModuleChannel first = module.open(3);
        ModuleChannel second = module.open(3);
        assertFails(ModuleException.Reason.FULL, "key group 3 has its 2 channels in use (quota)", () -> module.open(3));
        assertThat(module.channelsInUse()).isEqualTo(2);
        module.open(0).close();

        first.close();
        first.close();
        assertThat(store.channelsInUse(3)).as("given back once").isEqualTo(1);
        module.open(3).close();
        second.close();
        assertThat(store.channelsInUse(3)).isZero();
        assertThat(store.channelsInUse(0)).isZero();
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void theQuotaIsForAllModulesTogetherAndAChannelThatMovesIsOverIt() throws ModuleException {
        StubStore store = new StubStore(keyStore(0, 3));
        store.quotas.put(0, 1);
        SecurityModule module = module(Settings.USUAL, store, emulation());
        SecurityModule other = module(new Settings("other", "00000002", 1, SamForm.HSM_C1), store, emulation());
        ModuleChannel channel = module.open(0);
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> other.open(0)).withMessageContaining("(quota)");
        ModuleChannel moved = other.resume(0, channel.idleState());
        channel.close();
        assertThat(store.channelsInUse(0)).isEqualTo(1);
        assertFails(ModuleException.Reason.FULL, "(quota)", () -> module.open(0));
        moved.close();
        assertThat(store.channelsInUse(0)).isZero();
    }

    @Test
    void givesBackWhatCameToNothing() throws ModuleException {
        StubStore store = new StubStore(keyStore(0));
        store.quotas.put(0, channels() + 1);
        AtomicInteger made = new AtomicInteger();
        SecurityModule module = module(Settings.USUAL, store,
                new StubEmulation(keyGroup -> made.getAndIncrement() % 2 == 0 ? new StubSam() : null));
        assertFails(ModuleException.Reason.FAILED, "could not make", () -> module.open(0));
        assertThat(store.channelsInUse(0)).isZero();
        module.open(0).close();
        assertFails(ModuleException.Reason.FAILED, "could not make", () -> module.resume(0, ChannelState.AFTER_RESET));
        assertThat(store.channelsInUse(0)).isZero();
        assertThat(module.channelsInUse()).isZero();
    }

    @Test
    void takesNothingOfTheQuotaWhileItIsFull() throws ModuleException {
        StubStore store = new StubStore(keyStore(0));
        SecurityModule module = module(Settings.USUAL, store, new StubEmulation(keyGroup -> new StubSam()));
        for (int i = 0; i < channels(); i++) {
            module.open(0);
        }
        assertFails(ModuleException.Reason.FULL, "All ", () -> module.open(0));
        assertThat(store.channelsInUse(0)).isEqualTo(channels());
    }

    // ---- the configuration

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " "})
    void needsAName(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> module(new Settings(name, "00000001", 1, SamForm.HSM_C1), emulation()))
                .withMessageContaining(kind()).withMessageContaining(SecurityModule.NAME);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "1234567", "123456789", "1234567G", "+1234567"})
    void needsASerialNumber(String serialNumber) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> module(new Settings("main", serialNumber, 1, SamForm.HSM_C1), emulation()))
                .withMessageContaining("main").withMessageContaining("8 hexadecimal digits, not '" + serialNumber + "'");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 256})
    void needsAVersionOfOneByte(int version) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> module(new Settings("main", "00000001", version, SamForm.HSM_C1), emulation()))
                .withMessageContaining("main").withMessageContaining("not " + version);
    }
}
