package org.calypsohsm.fuzz;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

import org.calypsohsm.apdu.StatusWord;

/** One thread of the fuzzer, with a platform of its own, so that all that it does follows from its seed. */
final class Worker implements Runnable {

    /** After so many APDUs there is a new platform: otherwise files full of keys and low ceilings make all later flows trivial. */
    private static final int APDUS_PER_PLATFORM = 100_000;
    private static final int APDUS_BETWEEN_PROBES = 1000;
    /** Virtual time of an APDU, so that a key is busy for 150 of them. */
    private static final long NANOS_PER_APDU = 20_000_000;

    private final long seed;
    private final long count;
    private final int channels;
    private final Path folder;
    private final SplittableRandom random;
    private final SplittableRandom samRandom;
    private final Spoiler spoiler;
    private final int serials;
    private final List<Terminal> terminals = new ArrayList<>();
    private Platform platform;
    private long done;
    /** When the exchange in progress began; 0 if there is none. */
    private volatile long since;
    private volatile Sam busy;
    private volatile Thread thread;
    private volatile String find;
    private volatile boolean stopped;
    final Totals totals = new Totals();

    /**
     * Makes a worker.
     *
     * @param folder where to make durable stores; null for stores in memory
     */
    Worker(long seed, long count, int channels, Path folder) {
        this.seed = seed;
        this.count = count;
        this.channels = channels;
        this.folder = folder;
        random = new SplittableRandom(seed);
        samRandom = random.split();
        spoiler = new Spoiler(random);
        // Of the seed, too, and not the same for two workers: the log names a SAM by its serial number.
        serials = samRandom.nextInt() & ~0xFF;
    }

    /** A channel, with the flow that is under way on it. */
    private final class Terminal {

        private final Sam sam;
        private final Sam control;
        private final Flows flows;
        private Flow flow;
        private int sinceProbe;

        Terminal(int group) {
            sam = new Sam(platform, group, totals);
            control = new Sam(platform, Platform.CONTROL, totals);
            flows = new Flows(sam, control, random, spoiler);
        }

        /** Sends the next command of its flow. */
        void go() {
            if (sinceProbe > APDUS_BETWEEN_PROBES) {
                sinceProbe = 0;
                probe();
                flow = null;
            }
            Step step = flow == null ? null : flow.next();
            if (step == null) {
                if (flow != null) {
                    totals.count(flow.kind, flow.right);
                }
                flow = choose();
                return;
            }
            byte[] command = make(step);
            if (command == null) {
                return;
            }
            byte[] answer = exchange(step.sam(), step.spoilt() ? spoiler.spoil(command) : command);
            sinceProbe++;
            int status = StatusWord.of(answer);
            if (StatusWord.isSuccessful(status)) {
                take(step, Arrays.copyOf(answer, answer.length - 2));
            } else if (!step.any()) {
                flow.right = false;
                if (!step.spoilt() || random.nextBoolean()) {
                    flow.end();
                }
            }
        }

        /** Makes the command of a step; a terminal that lacks what it needs for it gives its flow up. */
        private byte[] make(Step step) {
            try {
                return step.command().get();
            } catch (IllegalArgumentException | NullPointerException e) {
                giveUp(step);
                return null;
            }
        }

        private void take(Step step, byte[] data) {
            try {
                step.answer().accept(data);
            } catch (IllegalArgumentException | NullPointerException | IndexOutOfBoundsException e) {
                giveUp(step);
            }
        }

        private void giveUp(Step step) {
            flow.right = false;
            if (!step.any()) {
                flow.end();
            }
        }

        private Flow choose() {
            flows.spoilCardAfter(-1);
            Flow chosen = sam.isLocked() && random.nextInt(8) != 0
                    ? flows.of(random.nextBoolean() ? Flow.Kind.STATIC_UNLOCK : Flow.Kind.DYNAMIC_UNLOCK) : flows.any();
            if (random.nextBoolean()) {
                for (int i = random.nextInt(3); i >= 0; i--) {
                    spoil(chosen);
                }
            }
            chosen.begin();
            return chosen;
        }

        /** One fault in a flow. */
        private void spoil(Flow chosen) {
            List<Step> steps = chosen.steps;
            int at = random.nextInt(steps.size());
            switch (random.nextInt(9)) {
                case 0 -> {
                    if (steps.size() > 1) {
                        steps.remove(at);
                    }
                }
                case 1 -> steps.add(at, steps.get(at));
                case 2 -> {
                    int with = random.nextInt(steps.size());
                    steps.set(at, steps.set(with, steps.get(at)));
                }
                case 3 -> {
                    List<Step> others = flows.any().steps;
                    steps.add(at, others.get(random.nextInt(others.size())).asForeign());
                }
                case 4 -> flows.spoilCardAfter(random.nextInt(8));
                default -> steps.set(at, steps.get(at).spoiled());
            }
        }

        /** A good session must succeed, whatever was done before. */
        void probe() {
            Flow probe = flows.probe();
            probe.begin();
            for (Step step = probe.next(); step != null; step = probe.next()) {
                byte[] command = step.command().get();
                if (command == null) {
                    continue;
                }
                byte[] answer = exchange(step.sam(), command);
                if (StatusWord.of(answer) != StatusWord.OK) {
                    throw new Find("A good session did not succeed.");
                }
                step.answer().accept(Arrays.copyOf(answer, answer.length - 2));
            }
            totals.countProbe();
        }

        void close() {
            sam.close();
            control.close();
        }
    }

    private byte[] exchange(Sam sam, byte[] command) {
        busy = sam;
        since = System.nanoTime();
        int way = random.nextInt(64);
        byte[] answer = sam.exchange(command, way == 0 ? Sam.Way.ASYNC : way == 1 ? Sam.Way.BATCH : Sam.Way.SYNC);
        since = 0;
        totals.count(command, StatusWord.of(answer));
        done++;
        return answer;
    }

    private byte[] samBytes(int length) {
        byte[] bytes = new byte[length];
        samRandom.nextBytes(bytes);
        return bytes;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            while (done < count && isGoingOn()) {
                open();
                long end = Math.min(count, done + APDUS_PER_PLATFORM);
                while (done < end && isGoingOn()) {
                    terminals.get(random.nextInt(channels)).go();
                }
                terminals.forEach(Terminal::probe);
                close();
            }
        } catch (Exception e) {
            report(e);
        }
    }

    private boolean isGoingOn() {
        return find == null && !stopped;
    }

    /** Ends soon. */
    void stop() {
        stopped = true;
    }

    private void open() throws Exception {
        platform = new Platform(folder == null ? null : folder.resolve("worker-" + seed), serials, this::samBytes,
                () -> done * NANOS_PER_APDU);
        for (int i = 0; i < channels; i++) {
            terminals.add(new Terminal(i % Platform.FORMS.size()));
        }
    }

    private void close() throws Exception {
        terminals.forEach(Terminal::close);
        terminals.clear();
        platform.tell(totals);
        platform.close();
    }

    private void report(Exception fault) {
        StringBuilder stack = new StringBuilder();
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            stack.append(cause).append(System.lineSeparator());
            for (int i = 0; i < Math.min(12, cause.getStackTrace().length); i++) {
                stack.append("    at ").append(cause.getStackTrace()[i]).append(System.lineSeparator());
            }
        }
        report(stack.toString());
    }

    private void report(String what) {
        Sam sam = busy;
        find = String.format("FIND at APDU %d of this thread.%nRepeat it with: ./hsm fuzz --seed %d --threads 1 --channels %d --count %d%s%n"
                + "%s%nThe last commands of the channel: %s", done, seed, channels, done + 1, folder == null ? "" : " --store durable", what,
                sam == null ? "none" : sam.history());
    }

    /** Called by the watchdog: an exchange that takes so long is a find. */
    void watch(long longestNanos) {
        long begun = since;
        if (begun == 0 || find != null || System.nanoTime() - begun < longestNanos) {
            return;
        }
        StringBuilder stack = new StringBuilder("An exchange hangs:").append(System.lineSeparator());
        for (StackTraceElement element : thread.getStackTrace()) {
            stack.append("    at ").append(element).append(System.lineSeparator());
        }
        report(stack.toString());
    }

    /** @return what was found, with all that is needed to repeat it; null if nothing */
    String find() {
        return find;
    }
}
