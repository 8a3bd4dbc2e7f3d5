package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.bytes;
import static org.calypsohsm.product.tck.Rule.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SessionDigest;

/** Many threads and many sessions at once. */
final class ThreadRules {

    private static final int THREADS = 8;
    private static final int ROUNDS = 60;
    private static final int SESSIONS = 50;

    private final Kit kit;

    private ThreadRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        ThreadRules rules = new ThreadRules(kit);
        return List.of(
                new Rule("threads-1", "SecurityPlugin, class comment",
                        "The same input always gives the same result.",
                        () -> kit.forEachAlg(rules::determinism)),
                new Rule("threads-2", "SecurityPlugin, class comment; SessionDigest",
                        "Sessions that run at the same time share nothing.",
                        () -> kit.forEachAlg(rules::interleavedSessions)),
                new Rule("threads-3", "DiversifiedKey, class comment",
                        "Many threads may use one key at once, each with the same results as alone.",
                        () -> kit.forEachAlg(rules::sharedKey)),
                new Rule("threads-4", "SecurityPlugin, class comment",
                        "Many threads may use the plugin at once, each with keys and sessions of its own, with the same results as "
                                + "alone.",
                        () -> kit.forEachAlg(rules::sharedPlugin)),
                new Rule("threads-5", "SessionDigest",
                        "A session may go from one thread to another between two calls.",
                        () -> kit.forEachAlg(rules::wanderingSession)));
    }

    private void determinism(int alg) {
        for (int seed = 0; seed < 20; seed++) {
            require(Arrays.equals(kit.everything(kit.diversified(alg, seed), alg, seed), kit.everything(kit.diversified(alg, seed),
                    alg, seed)),
                    "two keys of the same value give different results");
            DiversifiedKey key = kit.diversified(alg, seed);
            require(Arrays.equals(kit.everything(key, alg, seed), kit.everything(key, alg, seed)),
                    "a key gives another result when used again");
        }
    }

    private void interleavedSessions(int alg) {
        DiversifiedKey key = kit.diversified(alg, 1);
        List<SessionDigest> sessions = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            sessions.add(key.openSession(bytes(4, i), false));
        }
        for (int element = 0; element < 5; element++) {
            for (int i = 0; i < SESSIONS; i++) {
                sessions.get(i).update(bytes(20, i + element), 0, 20);
            }
        }
        for (int i = 0; i < SESSIONS; i++) {
            SessionDigest alone = key.openSession(bytes(4, i), false);
            for (int element = 0; element < 5; element++) {
                alone.update(bytes(20, i + element), 0, 20);
            }
            require(Arrays.equals(sessions.get(i).terminalCertificate(), alone.terminalCertificate()),
                    "a session beside others gives another certificate than alone");
        }
    }

    private void sharedKey(int alg) throws Exception {
        DiversifiedKey key = kit.diversified(alg, 1);
        DiversifiedKey other = kit.diversified(alg, 2);
        boolean extended = kit.extended(alg);
        boolean transfers = kit.transfers(alg);
        byte[][] alone = new byte[ROUNDS][];
        for (int i = 0; i < ROUNDS; i++) {
            alone[i] = Kit.everything(kit.diversified(alg, 1), kit.diversified(alg, 2), extended, transfers, i);
        }
        inParallel(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                require(Arrays.equals(Kit.everything(key, other, extended, transfers, i), alone[i]), "a thread gets another result");
            }
            return null;
        });
    }

    private void sharedPlugin(int alg) throws Exception {
        byte[][] alone = new byte[ROUNDS][];
        for (int i = 0; i < ROUNDS; i++) {
            alone[i] = kit.everything(kit.diversified(alg, i), alg, i);
        }
        inParallel(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                require(Arrays.equals(kit.everything(kit.diversified(alg, i), alg, i), alone[i]), "a thread gets another result");
                kit.plugin.selfTest(alg);
            }
            return null;
        });
    }

    private void wanderingSession(int alg) throws Exception {
        SessionDigest session = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
        SessionDigest alone = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 20; i++) {
                byte[] element = bytes(20, i);
                threads.submit(() -> session.update(element, 0, element.length)).get();
                alone.update(element, 0, element.length);
            }
            byte[] certificate = threads.submit(session::terminalCertificate).get();
            require(Arrays.equals(certificate, alone.terminalCertificate()), "it gives another certificate");
        } finally {
            threads.shutdownNow();
        }
    }

    private static void inParallel(Callable<Void> task) throws Exception {
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
            if (e.getCause() instanceof Rule.Violation violation) {
                throw violation;
            }
            throw new Rule.Violation("in one of several threads there was " + Kit.describe(e.getCause()));
        } finally {
            threads.shutdownNow();
        }
    }
}
