package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a virtual SAM does while security plugins come, go and fail. */
@Timeout(60)
class PluginSwapTest {

    private static final long AN_HOUR_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final String INIT = "3049" + Sam.OPEN;

    private static Sam sam(PluginRegistry plugins) {
        return new Sam(SamForm.HSM_C1, Sam.SERIAL, TestGroup.full(), plugins, ChannelState.AFTER_RESET);
    }

    /** A plugin that notices calls which come or still run after its removal. */
    private static final class Mortal implements SecurityPlugin {

        final AtomicInteger calls = new AtomicInteger();
        private final ProfilePlugin target = ProfilePlugin.usual();
        private final AtomicInteger lateCalls;
        private volatile boolean gone;

        Mortal(AtomicInteger lateCalls) {
            this.lateCalls = lateCalls;
        }

        private <T> T alive(Callable<T> call) {
            calls.incrementAndGet();
            boolean late = gone;
            try {
                T result = call.call();
                // Gives a removal that does not wait the time to overtake this call.
                Thread.yield();
                return result;
            } catch (Exception e) {
                throw new AssertionError(e);
            } finally {
                if (late || gone) {
                    lateCalls.incrementAndGet();
                }
            }
        }

        @Override
        public boolean supports(int alg, Function function) {
            return alive(() -> target.supports(alg, function));
        }

        @Override
        public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
            return alive(() -> target.diversify(alg, key, diversifier));
        }

        @Override
        public DiversifiedKey undiversified(int alg, KeyValue key) {
            return alive(() -> target.undiversified(alg, key));
        }
    }

    @Test
    void noCallIsLateAndNoSessionIsLostWhilePluginsAreSwapped() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        AtomicInteger late = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger sessions = new AtomicInteger();
        Mortal present = new Mortal(late);
        plugins.add(present, "test", Sam.order(0), ProfilePlugin.ALGS);

        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> channels = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Sam sam = sam(plugins);
                channels.add(threads.submit(() -> {
                    while (!stop.get()) {
                        sam.runGoodSession().okData("BC 00 C1 02 0000", 32);
                        sessions.incrementAndGet();
                    }
                }));
            }
            for (int swap = 1; swap <= 400; swap++) {
                Mortal old = present;
                present = new Mortal(late);
                // Both orders of a hot swap: with an overlap, and with a gap that callers wait through.
                if (swap % 2 == 0) {
                    plugins.add(present, "test", Sam.order(swap), ProfilePlugin.ALGS);
                    plugins.remove(old);
                    old.gone = true;
                } else {
                    plugins.remove(old);
                    old.gone = true;
                    plugins.add(present, "test", Sam.order(swap), ProfilePlugin.ALGS);
                }
                Mortal current = present;
                await().pollInterval(1, TimeUnit.MILLISECONDS)
                        .until(() -> current.calls.get() > 0 || channels.stream().anyMatch(Future::isDone));
            }
            stop.set(true);
            for (Future<?> channel : channels) {
                channel.get();
            }
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
        assertThat(late).hasValue(0);
        assertThat(sessions.get()).isPositive();
    }

    @Test
    void aSessionKeepsThePluginThatItBeganWith() {
        PluginRegistry plugins = Sam.emptyRegistry(0);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ProfilePlugin.ALGS);
        List<String> callsOfSuccessor = new ArrayList<>();
        Sam regular = sam(plugins).openRegular();
        Sam extended = sam(plugins).openExtended().ciphered("00DC010C 03 010203", "9000");

        plugins.remove(old);
        regular.update("00B2014400");
        plugins.add(WatchedPlugin.of(ProfilePlugin.usual(), callsOfSuccessor::add), "new", Sam.order(2), ProfilePlugin.ALGS);
        regular.update("9000").close().authenticate();
        extended.update("00B2014400").internalAuthenticate().externalAuthenticate()
                .ciphered("00DC010C 03 010203", "9000").close().authenticate();

        assertThat(callsOfSuccessor).isEmpty();
        regular.runGoodSession();
        assertThat(callsOfSuccessor).contains("diversify", "openSession");
    }

    @Test
    void aCommandWaitsForTheSuccessorWithItsChannelAlone() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ProfilePlugin.ALGS);
        Sam waiting = sam(plugins).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
        plugins.remove(old);

        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            AtomicReference<Thread> runner = new AtomicReference<>();
            Future<String> answer = thread.submit(() -> {
                runner.set(Thread.currentThread());
                return waiting.send("8A 00 FF 0E" + INIT);
            });
            await().until(() -> runner.get() != null && runner.get().getState() == Thread.State.TIMED_WAITING);
            Sam other = sam(plugins).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
            assertThat(other.send("BC 00 03 02 0000")).isEqualTo("6A83");
            assertThat(answer).isNotDone();
            plugins.add(ProfilePlugin.usual(), "new", Sam.order(1), ProfilePlugin.ALGS);
            assertThat(answer.get()).isEqualTo("9000");
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void withoutASuccessorDigestInitIsRefusedAndCostsNothing() {
        PluginRegistry plugins = Sam.emptyRegistry(1);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ProfilePlugin.ALGS);
        Sam sam = sam(plugins).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);
        plugins.remove(old);
        assertThat(sam.send("8A 00 FF 0E" + INIT)).isEqualTo("6985");
        assertThat(sam.keys.uses).as("no use of the key is counted").isEmpty();

        plugins.add(ProfilePlugin.usual(), "new", Sam.order(1), ProfilePlugin.ALGS);
        sam.ok("8A 00 FF 0E" + INIT).runGoodSession();
    }

    static Stream<Arguments> failures() {
        return Stream.of("supports", "diversify", "openSession", "update", "midSessionTerminalCertificate",
                "verifyMidSessionCardCertificate", "cipher", "terminalCertificate", "verifyCardCertificate", "signRead")
                .flatMap(method -> Stream.of(new IllegalStateException("test"), new NoClassDefFoundError("test"))
                        .map(error -> Arguments.of(method, error)));
    }

    /** Runs every command that calls a plugin, and gives the status words. */
    private static List<String> everyCommand(Sam sam) {
        sam.ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 08", 8);
        return Stream.of("8A 02 FF 0E 3059" + Sam.OPEN, "8C 00 00 05 00B2014400", "88 80 00 08", "82 00 00 08 0000000000000000",
                "8A 02 FF 0E 3059" + Sam.OPEN, "8C 00 80 05 00B2014400", "8E 00 00 08", "82 00 00 08 0000000000000000",
                "BE 00 A0 00").map(apdu -> {
                    if (apdu.startsWith("8A")) {
                        sam.okData("84 00 00 08", 8);
                    }
                    return sam.status(apdu);
                }).toList();
    }

    @Test
    void withoutAFailureEveryCommandReachesThePlugin() {
        assertThat(everyCommand(Sam.of(SamForm.HSM_C1)))
                .containsExactly("9000", "9000", "9000", "6988", "9000", "9000", "9000", "6988", "9000");
    }

    @ParameterizedTest(name = "{0} throws {1}")
    @MethodSource("failures")
    void aPluginThatFailsIsAnswered6985DropsTheSessionAndLeavesTheSamUsable(String method, Throwable failure) {
        AtomicInteger failed = new AtomicInteger();
        AtomicBoolean broken = new AtomicBoolean(true);
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full(), WatchedPlugin.of(ProfilePlugin.usual(), called -> {
            if (broken.get() && called.equals(method)) {
                failed.incrementAndGet();
                sneakyThrow(failure);
            }
        }));

        List<String> statuses = everyCommand(sam);

        assertThat(failed).as("the failure took place").hasPositiveValue();
        assertThat(statuses).contains("6985").isSubsetOf("9000", "6985", "6988");
        assertThat(sam.send("8C 00 00 01 00")).as("no session is left").isEqualTo("6985");
        broken.set(false);
        sam.runGoodSession();
    }

    /** Each command outside of a session, and a method of the plugin that it calls last. */
    static Stream<Arguments> commandsAndTheirMethods() {
        return Stream.of(Command.values()).filter(command -> !command.isPlainWrite() && command != Command.SV_CHECK)
                .flatMap(command -> Stream.of("diversify", methodOf(command)).map(method -> Arguments.of(command, method)));
    }

    private static String methodOf(Command command) {
        return switch (command) {
            case CIPHER_PIN -> "cipherPin";
            case CIPHER_NEW_PIN -> "cipherNewPin";
            case CARD_GENERATE_KEY -> "cipherCardKey";
            case CARD_GENERATE_KEY_UNDER_NULL_KEY -> "undiversified";
            case GENERATE_DIVERSIFIED_KEY -> "revealKey";
            case DATA_CIPHER, MAC_COMPUTE, COMPUTE_SIGNATURE, COMPUTE_TRACEABLE, VERIFY_SIGNATURE -> "sign";
            case SV_PREPARE_LOAD, SV_PREPARE_LOAD_EXTENDED, SV_PREPARE_DEBIT, SV_PREPARE_DEBIT_EXTENDED ->
                "storedValueTerminalMac";
            case SV_PREPARE_UNDEBIT, SV_PREPARE_UNDEBIT_EXTENDED -> "storedValueCardMac";
            default -> command.header().startsWith("16") ? "sealTransfer" : "openTransfer";
        };
    }

    @ParameterizedTest(name = "{0}: {1} throws")
    @MethodSource("commandsAndTheirMethods")
    void aPluginThatFailsInACommandIsAnswered6985AndItsKeysAreDestroyed(Command command, String method) {
        List<String> calls = new ArrayList<>();
        AtomicBoolean broken = new AtomicBoolean();
        Sam sam = command.enter(Sam.of(SamForm.HSM_C1, Command.keys(), WatchedPlugin.of(ProfilePlugin.usual(), called -> {
            if (broken.get() && called.equals(method)) {
                throw new IllegalStateException("test");
            }
            calls.add(called);
        })));
        broken.set(true);
        assertThat(sam.send(command.apdu())).isEqualTo("6985");
        assertThat(keys(calls)).as("keys that were not destroyed in %s", calls).isZero();
        assertThat(sam.sam.idleState()).as("no operation is left").isNotNull();

        broken.set(false);
        boolean challengeIsSpent = command.isDynamicWrite() && method.equals("openTransfer");
        command.run(challengeIsSpent ? command.enter(sam) : sam);
        assertThat(keys(calls)).as("keys that were not destroyed in %s", calls).isZero();
        sam.sam.close();
        sam.runGoodSession();
    }

    private static long keys(List<String> calls) {
        return calls.stream().mapToInt(call -> switch (call) {
            case "diversify", "undiversified" -> 1;
            case "destroy" -> -1;
            default -> 0;
        }).sum();
    }

    @Test
    void dynamicUnlockDestroysItsKeyAndSurvivesAFailure() {
        List<String> calls = new ArrayList<>();
        AtomicBoolean broken = new AtomicBoolean(true);
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys().lock(0x80, Hex.bytes(Blocks.VALUE)),
                WatchedPlugin.of(ProfilePlugin.usual(), called -> {
                    calls.add(called);
                    if (broken.get() && called.equals("sign")) {
                        throw new IllegalStateException("test");
                    }
                })).okData("84 00 00 08", 8);
        assertThat(sam.send("20 00 00 08 0000000000000000")).isEqualTo("6985");
        broken.set(false);
        sam.okData("84 00 00 08", 8);
        assertThat(sam.send("20 00 00 08 0000000000000000")).isEqualTo("6988");
        assertThat(calls).contains("undiversified", "sign", "destroy");
        assertThat(keys(calls)).isZero();
    }

    @Test
    void whilePluginsAreSwappedANewKeyIsNotTakenForOneOfAnUnknownAlgorithm() throws Exception {
        PluginRegistry plugins = Sam.emptyRegistry(AN_HOUR_MILLIS);
        ProfilePlugin old = ProfilePlugin.usual();
        plugins.add(old, "old", Sam.order(1), ProfilePlugin.ALGS);
        Sam waiting = new Sam(SamForm.HSM_C1, Sam.SERIAL, Command.keys(), plugins, ChannelState.AFTER_RESET);
        plugins.remove(old);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            AtomicReference<Thread> runner = new AtomicReference<>();
            Future<String> answer = thread.submit(() -> {
                runner.set(Thread.currentThread());
                return waiting.send(Command.WRITE_WORK_KEY_PLAIN.apdu());
            });
            await().until(() -> answer.isDone()
                    || runner.get() != null && runner.get().getState() == Thread.State.TIMED_WAITING);
            plugins.add(ProfilePlugin.usual(), "new", Sam.order(1), ProfilePlugin.ALGS);
            assertThat(answer.get()).isEqualTo("9000");
        } finally {
            thread.shutdownNow();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneakyThrow(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void aFailureInTheMiddleOfASessionEndsIt() {
        AtomicBoolean broken = new AtomicBoolean();
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full(), WatchedPlugin.of(ProfilePlugin.usual(), called -> {
            if (broken.get() && called.equals("update")) {
                throw new IllegalStateException("test");
            }
        })).openExtended().update("01");
        broken.set(true);
        assertThat(sam.send("8C 00 00 01 00")).isEqualTo("6985");
        broken.set(false);
        assertThat(sam.send("8E 00 00 08")).isEqualTo("6985");
        assertThat(sam.sam.idleState()).isNotNull();
        sam.runGoodSession();
    }

    @Test
    void aDigestInitThatFailsInThePluginKeepsTheChallengeAndDestroysTheKey() {
        for (String failing : new String[] {"diversify", "openSession", "update"}) {
            List<String> calls = new ArrayList<>();
            AtomicBoolean broken = new AtomicBoolean(true);
            Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full(), WatchedPlugin.of(ProfilePlugin.usual(), called -> {
                calls.add(called);
                if (broken.get() && called.equals(failing)) {
                    throw new IllegalStateException("test");
                }
            })).ok("14 00 00 08" + Sam.DIVERSIFIER).okData("84 00 00 04", 4);

            assertThat(sam.send("8A 00 FF 0E" + INIT)).isEqualTo("6985");
            assertThat(calls.stream().filter("destroy"::equals).count()).as("destroyed after a failure of %s", failing)
                    .isEqualTo(switch (failing) {
                        case "diversify" -> 0;
                        case "openSession" -> 1;
                        default -> 2;
                    });
            broken.set(false);
            sam.ok("8A 00 FF 0E" + INIT).runGoodSession();
        }
    }

    @Test
    void everyEndOfASessionDestroysItsSecrets() {
        List<String> calls = new ArrayList<>();
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full(), WatchedPlugin.of(ProfilePlugin.usual(), calls::add));
        List<Runnable> ends = List.of(
                () -> sam.openRegular().close().authenticate(),
                () -> sam.openRegular().close().status("82 00 00 04 00000000"),
                () -> sam.openExtended().internalAuthenticate().status("82 00 00 08 0000000000000000"),
                () -> sam.openRegular().sam.close(),
                () -> sam.okData("BE 00 A0 00", 48));
        for (Runnable end : ends) {
            calls.clear();
            end.run();
            long secrets = calls.stream().filter(call -> call.equals("diversify") || call.equals("openSession")).count();
            assertThat(calls.stream().filter("destroy"::equals).count()).isEqualTo(secrets).isPositive();
        }
        calls.clear();
        sam.openRegular().openRegular();
        assertThat(calls).as("a new session takes the place of the one before")
                .containsSubsequence("update", "destroy", "destroy");
    }

    @Test
    void aPluginThatCannotEvenForgetChangesNoAnswer() {
        AtomicInteger failed = new AtomicInteger();
        Sam sam = Sam.of(SamForm.HSM_C1, TestGroup.full(), WatchedPlugin.of(ProfilePlugin.usual(), called -> {
            if (called.equals("destroy")) {
                failed.incrementAndGet();
                throw new IllegalStateException("test");
            }
        }));
        sam.openRegular().close().authenticate();
        assertThat(failed).as("the digest and the key").hasValue(2);
        sam.openRegular().openRegular().close();
        assertThat(sam.send("82 00 00 04 00000000")).isEqualTo("6988");
        sam.openRegular().sam.close();
        assertThat(sam.okData("BC 00 C1 02 0000", 32).runGoodSession().sam.idleState()).isNotNull();
    }
}
