package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.bytes;
import static org.calypsohsm.product.tck.Rule.require;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.product.SessionDigest;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;

/** The bundle comes and goes while the platform runs. */
final class LifecycleRules {

    private static final int CYCLES = 20;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Kit kit;

    private LifecycleRules(Kit kit) {
        this.kit = kit;
    }

    /** These come last, since they take the plugin away. */
    static List<Rule> of(Kit kit) {
        LifecycleRules rules = new LifecycleRules(kit);
        return List.of(
                new Rule("lifecycle-1", "SecurityPlugin, class comment",
                        "What the plugin handed out goes on working after its service is gone and no class of its bundle can be "
                                + "loaded any more.",
                        rules::independence),
                new Rule("lifecycle-2", "SecurityPlugin; OEM guide, \"Lifecycle\"",
                        "A bundle that was used and uninstalled 20 times leaves no class loader behind.",
                        rules::classLoaders),
                new Rule("lifecycle-3", "SecurityPlugin; OEM guide, \"Lifecycle\"",
                        "A bundle that was used and uninstalled 20 times leaves no thread behind.",
                        rules::threads));
    }

    private record Handed(int alg, boolean extended, boolean transfers, DiversifiedKey key, DiversifiedKey other,
            SessionDigest session) {
    }

    private void independence() throws Exception {
        // Keys that were not used yet, from a bundle of its own that nothing else has warmed up.
        List<byte[]> expected = new ArrayList<>();
        for (int alg : kit.algs) {
            expected.add(results(handed(kit.plugin, alg)));
        }
        kit.container.uninstall(kit.bundle);
        try (Kit fresh = new Kit(kit.jar, List.of())) {
            List<Handed> handed = new ArrayList<>();
            for (int alg : fresh.algs) {
                handed.add(handed(fresh.plugin, alg));
            }
            fresh.container.uninstall(fresh.bundle);
            for (int i = 0; i < handed.size(); i++) {
                try {
                    require(Arrays.equals(expected.get(i), results(handed.get(i))), "with ALG %02X it gives other results",
                            handed.get(i).alg);
                } catch (LinkageError e) {
                    throw new Rule.Violation("a class was loaded too late: " + e.getMessage() + "; use each function once in the "
                            + "constructor of the plugin, as a power-up test does");
                }
            }
        }
    }

    private static Handed handed(SecurityPlugin plugin, int alg) {
        SessionDigest session = plugin.diversify(alg, Kit.key(1), bytes(8, 1)).openSession(bytes(4, 1), false);
        return new Handed(alg, plugin.supports(alg, Function.EXTENDED_SESSION), plugin.supports(alg, Function.TRANSFER),
                plugin.diversify(alg, Kit.key(1), bytes(8, 1)), plugin.undiversified(alg, Kit.key(2)), session);
    }

    private static byte[] results(Handed handed) {
        handed.session.update(bytes(20, 1), 0, 20);
        byte[] certificate = handed.session.terminalCertificate();
        handed.session.verifyCardCertificate(certificate, 0, certificate.length);
        handed.session.destroy();
        byte[] all = Kit.join(certificate, Kit.everything(handed.key, handed.other, handed.extended, handed.transfers, 3));
        handed.key.destroy();
        return all;
    }

    /** Installs, starts, uses on a thread that stays, stops and uninstalls. */
    private static WeakReference<ClassLoader> cycle(Kit kit, ExecutorService user) throws Exception {
        Bundle bundle = kit.container.install(kit.jar);
        ServiceReference<SecurityPlugin> reference = kit.container.plugin(bundle);
        user.submit(() -> {
            SecurityPlugin plugin = kit.container.get(reference);
            for (int alg : kit.algs) {
                results(handed(plugin, alg));
                plugin.selfTest(alg);
            }
            kit.container.unget(reference);
        }).get();
        WeakReference<ClassLoader> loader = new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
        bundle.stop();
        kit.container.uninstall(bundle);
        return loader;
    }

    private void classLoaders() throws Exception {
        withoutPlugin(user -> {
            List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
            for (int i = 0; i < CYCLES; i++) {
                loaders.add(cycle(kit, user));
            }
            // The container may remember the last one that it saw, or a few.
            boolean gone = await(() -> {
                System.gc();
                return left(loaders) <= 1;
            });
            require(gone, "%d of %d class loaders are still reachable: look for static fields of classes outside of the bundle, "
                    + "ThreadLocal, shutdown hooks, security providers, threads", left(loaders), CYCLES);
        });
    }

    private static long left(List<WeakReference<ClassLoader>> loaders) {
        return loaders.stream().filter(loader -> loader.get() != null).count();
    }

    private void threads() throws Exception {
        withoutPlugin(user -> {
            cycle(kit, user);
            Set<Thread> before = Thread.getAllStackTraces().keySet();
            for (int i = 0; i < CYCLES; i++) {
                cycle(kit, user);
            }
            boolean gone = await(() -> added(before).isEmpty());
            require(gone, "these threads run after %d cycles: %s", CYCLES, added(before).stream().map(Thread::getName).limit(5)
                    .toList());
        });
    }

    private static Set<Thread> added(Set<Thread> before) {
        Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
        now.removeAll(before);
        // The virtual machine's own.
        now.removeIf(thread -> thread.getName().startsWith("ForkJoinPool.commonPool") || thread.getThreadGroup() == null
                || thread.getThreadGroup().getName().equals("system") || thread.getName().equals("process reaper"));
        return now;
    }

    private interface Cycles {
        void run(ExecutorService user) throws Exception;
    }

    private static void withoutPlugin(Cycles cycles) throws Exception {
        ExecutorService user = Executors.newSingleThreadExecutor();
        try {
            user.submit(() -> { }).get();
            cycles.run(user);
        } finally {
            user.shutdownNow();
        }
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
