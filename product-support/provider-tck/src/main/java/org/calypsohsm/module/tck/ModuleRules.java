package org.calypsohsm.module.tck;

import static org.calypsohsm.module.tck.Modules.fails;
import static org.calypsohsm.module.tck.Modules.inUse;
import static org.calypsohsm.module.tck.Rule.require;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;

/** The rules of a security module, as the Javadoc of {@link SecurityModule} and {@link ModuleChannel} has them. */
final class ModuleRules {

    private static final int ATR_LENGTH = 19;
    private static final int SERIAL_AT = 12;
    private static final int LONGEST_ANSWER = 258;
    private static final int HOSTILE = 5000;
    private static final int CYCLES = 20;
    private static final int STATUS_CALLS = 100_000;
    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final byte[] DIVERSIFIER = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final byte[] RANDOM = {11, 12, 13, 14, 15, 16, 17, 18};
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private ModuleRules() {
    }

    static List<Rule> all() {
        return List.of(
                new Rule("info-1", "SecurityModule.info, ModuleInfo",
                        "The module says its name, kind and number of channels, and always the same.",
                        ModuleRules::info),
                new Rule("info-2", "SecurityModule.status",
                        "A module that was started is OPERATIONAL, and says why in one sentence.",
                        ModuleRules::operational),
                new Rule("info-3", "SecurityModule.status",
                        "The state is cheap to ask for: 100,000 times within a second.",
                        ModuleRules::statusIsCheap),
                new Rule("info-4", "SecurityModule.keyGroups",
                        "It names the key groups that it was started with.",
                        ModuleRules::keyGroups),
                new Rule("open-1", "SecurityModule.open, resume",
                        "An unknown key group is refused with UNKNOWN_KEY_GROUP, and nothing is reserved.",
                        ModuleRules::unknownGroup),
                new Rule("open-2", "ModuleChannel.atr; sam-s1-apdu.md 1.1",
                        "The ATR has 19 bytes, with serial number and version of the module, and is a copy.",
                        ModuleRules::atr),
                new Rule("limit-1", "SecurityModule.open; ModuleException.Reason",
                        "It opens exactly its channels; one more is refused with FULL, and a place that was given back can be taken "
                                + "again.",
                        ModuleRules::limit),
                new Rule("limit-2", "SecurityModule.channelsInUse",
                        "The limit holds with many threads, and every channel is counted once.",
                        ModuleRules::limitWithThreads),
                new Rule("limit-3", "ModuleChannel.close",
                        "Closing twice, and by several threads at once, gives one place back.",
                        ModuleRules::closing),
                new Rule("state-1", "ModuleChannel.idleState",
                        "A new channel is as after a reset.",
                        ModuleRules::newChannel),
                new Rule("state-2", "SecurityModule.resume; ChannelState",
                        "A channel goes on in another module where it stopped: selected diversifier, challenge given, challenge "
                                + "taken.",
                        ModuleRules::handOver),
                new Rule("state-3", "ChannelState",
                        "Nobody can change the state of a channel through what idleState() gave.",
                        ModuleRules::stateIsACopy),
                new Rule("state-4", "SecurityModule.resume",
                        "A state that is none is taken over or refused with a ModuleException, and what is refused reserves nothing.",
                        ModuleRules::badStates),
                new Rule("state-5", "SecurityModule",
                        "Channels share nothing.",
                        ModuleRules::channelsShareNothing),
                new Rule("serve-1", "SecurityModule.selfTest",
                        "A self test leaves a good module OPERATIONAL, and its channels as they are.",
                        ModuleRules::selfTest),
                new Rule("serve-2", "ModuleState; ModuleException.Reason",
                        "A module that is locked is mute: it opens nothing and answers nothing, with NOT_SERVING; when it is "
                                + "unlocked its channels go on.",
                        ModuleRules::locked),
                new Rule("threads-1", "ModuleChannel",
                        "Many channels answer at the same time, each its own.",
                        ModuleRules::manyChannels),
                new Rule("hostile-1", "ModuleChannel.exchange",
                        "Whatever the command, the answer has a status word and at most 258 bytes, the command is not changed, and "
                                + "the channel goes on.",
                        ModuleRules::anyCommand),
                new Rule("hostile-2", "ModuleChannel.exchange",
                        "Neither an empty command nor one of 64 KiB is a fault of the module.",
                        ModuleRules::oddLengths),
                new Rule("lifecycle-1", "SecurityModule",
                        "A module that was started, used and stopped 20 times leaves no thread.",
                        ModuleRules::threads),
                new Rule("lifecycle-2", "SecurityModule",
                        "A module that was started, used and stopped 20 times is not kept by anything.",
                        ModuleRules::leaks));
    }

    // ---- what it says of itself

    private static void info(Modules modules) throws Exception {
        SecurityModule module = modules.start("some-name");
        require(module.info().name().equals("some-name"), "its name is %s, but it was started as some-name", module.info().name());
        require(!module.info().kind().isBlank(), "its kind is blank");
        require(module.info().channelsTotal() == modules.suite().channels(), "it says that it has %d channels instead of %d",
                module.info().channelsTotal(), modules.suite().channels());
        require(module.info().equals(module.info()), "it says something else the second time");
        inUse(module, 0);
    }

    private static void operational(Modules modules) throws Exception {
        ModuleStatus status = modules.start().status();
        require(status.state() == ModuleState.OPERATIONAL, "it is %s: %s", status.state(), status.sentence());
        require(status.sentence().contains(" ") && status.sentence().endsWith("."), "this is no sentence: \"%s\"", status.sentence());
    }

    private static void statusIsCheap(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        long start = System.nanoTime();
        for (int i = 1; i <= STATUS_CALLS; i++) {
            module.status();
            require(System.nanoTime() - start < STATUS_NANOS, "after a second it has answered %d times", i);
        }
    }

    private static void keyGroups(Modules modules) throws Exception {
        Set<Integer> groups = modules.start().keyGroups();
        require(groups.equals(modules.suite().keyGroups()), "it names %s instead of %s", groups, modules.suite().keyGroups());
    }

    // ---- opening

    private static void unknownGroup(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        for (int group : new int[] {-1, modules.unknownGroup(), Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            fails("open of key group " + group, module, () -> module.open(group), Reason.UNKNOWN_KEY_GROUP);
            fails("resume of key group " + group, module, () -> module.resume(group, ChannelState.AFTER_RESET),
                    Reason.UNKNOWN_KEY_GROUP);
        }
        inUse(module, 0);
    }

    private static void atr(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        for (int group : modules.suite().keyGroups()) {
            for (ModuleChannel channel : List.of(module.open(group), module.resume(group, ChannelState.AFTER_RESET))) {
                byte[] atr = channel.atr();
                require(atr != null && atr.length == ATR_LENGTH, "it has %d bytes", atr == null ? 0 : atr.length);
                int serial = 0;
                for (int i = SERIAL_AT; i < SERIAL_AT + 4; i++) {
                    serial = serial << 8 | atr[i] & 0xFF;
                }
                require(atr[0] == 0x3B && serial == module.info().serialNumber() && (atr[10] & 0xFF) == module.info().version(),
                        "serial number or version is another than in info()");
                byte[] before = atr.clone();
                Arrays.fill(atr, (byte) 0);
                require(Arrays.equals(channel.atr(), before), "changing the array changes the channel's ATR");
                channel.close();
            }
        }
    }

    // ---- the limit

    private static void limit(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        int channels = modules.suite().channels();
        List<Integer> groups = List.copyOf(modules.suite().keyGroups());
        List<ModuleChannel> open = new ArrayList<>();
        for (int i = 0; i < channels; i++) {
            int group = groups.get(i % groups.size());
            open.add(i % 2 == 0 ? module.open(group) : module.resume(group, ChannelState.AFTER_RESET));
            inUse(module, i + 1);
        }
        fails("open of one more", module, () -> module.open(modules.group()), Reason.FULL);
        fails("resume of one more", module, () -> module.resume(modules.group(), ChannelState.AFTER_RESET), Reason.FULL);
        inUse(module, channels);
        open.remove(0).close();
        inUse(module, channels - 1);
        open.add(module.open(modules.group()));
        fails("open of one more", module, () -> module.open(modules.group()), Reason.FULL);
        open.forEach(ModuleChannel::close);
        inUse(module, 0);
    }

    private static void limitWithThreads(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        int channels = modules.suite().channels();
        List<ModuleChannel> open = Collections.synchronizedList(new ArrayList<>());
        Modules.inParallel(() -> {
            while (true) {
                try {
                    open.add(module.open(modules.group()));
                } catch (ModuleException e) {
                    require(e.reason() == Reason.FULL, "open fails with %s", e.reason());
                    return null;
                }
                int inUse = module.channelsInUse();
                require(inUse >= 1 && inUse <= channels, "%d channels are in use", inUse);
            }
        });
        require(open.size() == channels, "%d channels were opened at once instead of %d", open.size(), channels);
        // Each thread closes all of them.
        Modules.inParallel(() -> {
            List.copyOf(open).forEach(ModuleChannel::close);
            return null;
        });
        inUse(module, 0);
        Modules.inParallel(() -> {
            for (int i = 0; i < 200; i++) {
                module.open(modules.group()).close();
            }
            return null;
        });
        inUse(module, 0);
    }

    private static void closing(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel first = module.open(modules.group());
        ModuleChannel second = module.open(modules.group());
        first.close();
        first.close();
        inUse(module, 1);
        Modules.inParallel(() -> {
            second.close();
            return null;
        });
        inUse(module, 0);
    }

    // ---- states

    private static void newChannel(Modules modules) throws Exception {
        ChannelState state = modules.start().open(modules.group()).idleState();
        require(state != null && state.diversifier() == null && state.outgoingChallenge() == null && state.incomingChallenge() == null,
                "its state is %s", state);
    }

    private static ChannelState used(Modules modules, ModuleChannel channel) throws ModuleException {
        modules.send(channel, 0x14, DIVERSIFIER);
        modules.send(channel, 0x86, RANDOM);
        byte[] challenge = modules.challenge(channel);
        ChannelState state = channel.idleState();
        require(state != null && Arrays.equals(state.diversifier(), DIVERSIFIER) && Arrays.equals(state.incomingChallenge(), RANDOM)
                && Arrays.equals(state.outgoingChallenge(), challenge), "the state does not have what the channel was given: %s",
                state);
        return state;
    }

    private static void handOver(Modules modules) throws Exception {
        ModuleChannel left = modules.start().open(modules.group());
        ChannelState state = used(modules, left);
        left.close();
        SecurityModule other = modules.start("other");
        ModuleChannel taken = other.resume(modules.group(), state);
        ChannelState after = taken.idleState();
        require(after != null && Arrays.equals(after.diversifier(), DIVERSIFIER) && Arrays.equals(after.incomingChallenge(), RANDOM)
                && Arrays.equals(after.outgoingChallenge(), state.outgoingChallenge()) && after.unlocked() == state.unlocked(),
                "after resume() the state is another: %s", after);
        inUse(other, 1);
        modules.challenge(taken);
    }

    private static void stateIsACopy(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel channel = module.open(modules.group());
        ChannelState state = used(modules, channel);
        ModuleChannel taken = modules.start("other").resume(modules.group(), state);
        byte[] challenge = state.outgoingChallenge().clone();
        for (ChannelState each : List.of(state, taken.idleState(), channel.idleState())) {
            Arrays.fill(each.diversifier(), (byte) 0x55);
            Arrays.fill(each.outgoingChallenge(), (byte) 0x55);
            Arrays.fill(each.incomingChallenge(), (byte) 0x55);
        }
        for (ModuleChannel each : List.of(channel, taken)) {
            require(Arrays.equals(each.idleState().diversifier(), DIVERSIFIER) && Arrays.equals(each.idleState().incomingChallenge(),
                    RANDOM)
                    && Arrays.equals(each.idleState().outgoingChallenge(), challenge), "writing into its arrays changes the channel");
        }
    }

    private static void badStates(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        byte[][] odd = {new byte[0], new byte[3], new byte[9], new byte[100_000]};
        List<ChannelState> states = new ArrayList<>();
        for (byte[] bytes : odd) {
            states.add(new ChannelState(bytes, null, null, false));
            states.add(new ChannelState(null, bytes, null, true));
            states.add(new ChannelState(null, null, bytes, false));
            states.add(new ChannelState(bytes, bytes, bytes, true));
        }
        for (ChannelState state : states) {
            try {
                ModuleChannel taken = module.resume(modules.group(), state);
                modules.challenge(taken);
                taken.close();
            } catch (ModuleException e) {
                require(e.reason() != Reason.FULL, "a bad state is refused with FULL");
            } catch (RuntimeException e) {
                throw new Rule.Violation("resume gives " + e + " for " + state);
            }
            inUse(module, 0);
        }
    }

    private static void channelsShareNothing(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel first = module.open(modules.group());
        ModuleChannel second = module.open(modules.group());
        modules.send(first, 0x14, DIVERSIFIER);
        require(second.idleState().diversifier() == null, "a diversifier that one channel selected is there in another");
        require(!Arrays.equals(modules.challenge(first), modules.challenge(second)), "two channels give the same challenge");
        first.close();
        modules.challenge(second);
    }

    // ---- serving

    private static void selfTest(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel channel = module.open(modules.group());
        modules.send(channel, 0x14, DIVERSIFIER);
        ModuleStatus result = module.selfTest();
        require(result.state() == ModuleState.OPERATIONAL && result.equals(module.status()), "it says %s, and the module is %s",
                result,
                module.status());
        require(Arrays.equals(channel.idleState().diversifier(), DIVERSIFIER), "a channel has lost its diversifier");
        inUse(module, 1);
    }

    private static void locked(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel channel = module.open(modules.group());
        modules.send(channel, 0x14, DIVERSIFIER);
        if (!modules.suite().lock(module)) {
            return;
        }
        require(module.status().state() == ModuleState.LOCKED, "after lock() it is %s", module.status().state());
        fails("open while it is locked", module, () -> module.open(modules.group()), Reason.NOT_SERVING);
        fails("resume while it is locked", module, () -> module.resume(modules.group(), ChannelState.AFTER_RESET), Reason.NOT_SERVING);
        fails("exchange while it is locked", module, () -> channel.exchange(modules.sending(0x86, RANDOM)), Reason.NOT_SERVING);
        require(channel.idleState() != null,
                "a channel without a session tells no state while the module is locked, so it cannot move");
        modules.suite().unlock(module);
        require(module.status().state() == ModuleState.OPERATIONAL, "after unlock() it is %s", module.status().state());
        modules.challenge(channel);
        require(Arrays.equals(channel.idleState().diversifier(), DIVERSIFIER), "a channel has lost its diversifier");
        channel.close();
        inUse(module, 0);
    }

    private static void manyChannels(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        Modules.inParallel(() -> {
            ModuleChannel channel = module.open(modules.group());
            byte[] mine = new byte[8];
            new Random(Thread.currentThread().getId()).nextBytes(mine);
            modules.send(channel, 0x14, mine);
            for (int i = 0; i < 200; i++) {
                byte[] challenge = modules.challenge(channel);
                ChannelState state = channel.idleState();
                require(Arrays.equals(state.diversifier(), mine) && Arrays.equals(state.outgoingChallenge(), challenge),
                        "a channel has the state of another");
            }
            channel.close();
            return null;
        });
        inUse(module, 0);
    }

    // ---- hostile input

    private static void anyCommand(Modules modules) throws Exception {
        ModuleChannel channel = modules.start().open(modules.group());
        Random random = new Random(1);
        for (int i = 0; i < HOSTILE; i++) {
            byte[] command = new byte[random.nextInt(i < HOSTILE / 5 ? 8 : 300)];
            random.nextBytes(command);
            if (command.length > 0 && random.nextBoolean()) {
                command[0] = (byte) modules.suite().samClass();
            }
            answers(channel, command);
        }
        modules.challenge(channel);
    }

    private static void answers(ModuleChannel channel, byte[] command) {
        byte[] before = command.clone();
        byte[] answer;
        try {
            answer = channel.exchange(command);
        } catch (ModuleException | RuntimeException e) {
            throw new Rule.Violation("a command of " + command.length + " bytes gives " + e);
        }
        require(answer != null && answer.length >= 2 && answer.length <= LONGEST_ANSWER, "the answer has %d bytes",
                answer == null ? 0 : answer.length);
        require(Arrays.equals(command, before), "the command was changed");
        require(answer != command, "the answer is the array of the command");
    }

    private static void oddLengths(Modules modules) throws Exception {
        ModuleChannel channel = modules.start().open(modules.group());
        for (int length : new int[] {0, 1, 2, 3, 4, 5, 260, 261, 262, 65_536, 70_000}) {
            answers(channel, new byte[length]);
            byte[] command = new byte[length];
            Arrays.fill(command, (byte) 0xFF);
            answers(channel, command);
        }
        require(StatusWord.of(channel.exchange(new byte[4])) != StatusWord.OK, "a command of zeros answers 9000");
        modules.challenge(channel);
    }

    // ---- life cycle

    private static WeakReference<SecurityModule> cycle(Modules modules) throws Exception {
        SecurityModule module = modules.start();
        ModuleChannel closed = module.open(modules.group());
        modules.challenge(closed);
        closed.close();
        module.selfTest();
        // One channel stays open, as when a provider is pulled out.
        modules.challenge(module.open(modules.group()));
        modules.stop(module);
        return new WeakReference<>(module);
    }

    private static void threads(Modules modules) throws Exception {
        cycle(modules);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        for (int i = 0; i < CYCLES; i++) {
            cycle(modules);
        }
        require(await(() -> added(before).size() < CYCLES), "these threads run after %d cycles: %s", CYCLES,
                added(before).stream().map(Thread::getName).limit(5).toList());
    }

    private static Set<Thread> added(Set<Thread> before) {
        Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
        now.removeAll(before);
        return now;
    }

    private static void leaks(Modules modules) throws Exception {
        List<WeakReference<SecurityModule>> stopped = new ArrayList<>();
        for (int i = 0; i < CYCLES; i++) {
            stopped.add(cycle(modules));
        }
        boolean gone = await(() -> {
            System.gc();
            return stopped.stream().filter(module -> module.get() != null).count() <= 1;
        });
        require(gone, "%d of %d modules are still reachable: look for listeners that were not removed, static fields, ThreadLocal, "
                + "threads", stopped.stream().filter(module -> module.get() != null).count(), CYCLES);
    }

    private static boolean await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return true;
    }
}
