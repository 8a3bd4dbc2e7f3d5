package org.calypsohsm.module.tck;

import static org.calypsohsm.module.tck.Rule.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.SecurityModule;

/** The modules of one trial, and what all trials do with them. */
final class Modules implements AutoCloseable {

    static final int THREADS = 6;

    private final ProviderTck suite;
    private final List<SecurityModule> started = new ArrayList<>();

    Modules(ProviderTck suite) {
        this.suite = suite;
    }

    ProviderTck suite() {
        return suite;
    }

    SecurityModule start() throws Exception {
        return start("main");
    }

    SecurityModule start(String name) throws Exception {
        SecurityModule module = suite.start(name);
        started.add(module);
        return module;
    }

    void stop(SecurityModule module) {
        started.remove(module);
        suite.stop(module);
    }

    int group() {
        return suite.keyGroups().iterator().next();
    }

    /** A key group that the module does not have. */
    int unknownGroup() {
        int group = 0;
        while (suite.keyGroups().contains(group)) {
            group++;
        }
        return group;
    }

    /** A command of the SAM with data. */
    byte[] sending(int ins, byte... data) {
        return CommandApdu.sending(suite.samClass(), ins, 0, data);
    }

    byte[] challenge(ModuleChannel channel) throws ModuleException {
        byte[] answer = channel.exchange(CommandApdu.expecting(suite.samClass(), 0x84, 0, 8));
        require(answer != null && answer.length == 10 && StatusWord.of(answer) == StatusWord.OK,
                "Get Challenge does not answer 8 bytes and 9000");
        return Arrays.copyOf(answer, 8);
    }

    void send(ModuleChannel channel, int ins, byte... data) throws ModuleException {
        int status = StatusWord.of(channel.exchange(sending(ins, data)));
        require(status == StatusWord.OK, "instruction %02X answers %04X", ins, status);
    }

    /** What must fail. */
    @FunctionalInterface
    interface Call {
        Object run() throws Exception;
    }

    /** Demands that a call fails with a reason, and names the module. */
    static void fails(String what, SecurityModule module, Call call, Reason... reasons) {
        try {
            call.run();
        } catch (ModuleException e) {
            require(Arrays.asList(reasons).contains(e.reason()), "%s fails with %s instead of %s", what, e.reason(),
                    Arrays.toString(reasons));
            require(e.getMessage() != null && e.getMessage().contains(module.info().name()),
                    "%s fails with a message that does not name "
                    + "the module: %s", what, e.getMessage());
            return;
        } catch (Exception | LinkageError e) {
            throw new Rule.Violation(what + " fails with " + e + " instead of a ModuleException");
        }
        throw new Rule.Violation(what + " does not fail");
    }

    static void inUse(SecurityModule module, int expected) {
        require(module.channelsInUse() == expected, "channelsInUse() is %d instead of %d", module.channelsInUse(), expected);
    }

    static void inParallel(Callable<Void> task) throws Exception {
        CyclicBarrier together = new CyclicBarrier(THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                running.add(threads.submit(() -> {
                    together.await();
                    return task.call();
                }));
            }
            for (Future<Void> future : running) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Rule.Violation violation ? violation
                    : new Rule.Violation("in one of several threads there was " + e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    @Override
    public void close() {
        started.forEach(suite::stop);
    }
}
