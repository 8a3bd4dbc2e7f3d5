package org.calypsohsm.product.tck;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;

/** The plugin under test in its container, and what all groups of rules do with it. */
final class Kit implements AutoCloseable {

    /** Whatever a test needs that is random is the same in each run. */
    static final long SEED = 20260101;
    static final int CHALLENGE = 8;
    static final int RECORD = 29;
    static final int BLOCK = 48;

    final Path jar;
    final List<Vector> vectors;
    final PluginContainer container;
    final Bundle bundle;
    final SecurityPlugin plugin;
    final Map<String, Object> properties = new TreeMap<>();
    final int[] algs;

    /**
     * Installs the plugin in a container.
     *
     * @param jar     its bundle
     * @param vectors its known answers
     * @throws Exception if it does not come up; a {@link Rule.Violation} says why
     */
    Kit(Path jar, List<Vector> vectors) throws Exception {
        this.jar = jar;
        this.vectors = vectors;
        container = PluginContainer.start(jar);
        try {
            bundle = container.install(jar);
            ServiceReference<SecurityPlugin> reference = container.plugin(bundle);
            for (String key : reference.getPropertyKeys()) {
                properties.put(key, reference.getProperty(key));
            }
            plugin = container.get(reference);
            algs = algs(properties.get(SecurityPlugin.ALG));
        } catch (Exception | AssertionError e) {
            container.close();
            throw e;
        }
    }

    /** The ALG codes of the service property; none if it is not as it must be. */
    private static int[] algs(Object property) {
        if (property instanceof int[] codes) {
            return codes.clone();
        }
        if (property instanceof Integer code) {
            return new int[] {code};
        }
        return property instanceof Integer[] codes ? Arrays.stream(codes).mapToInt(Integer::intValue).toArray() : new int[0];
    }

    /** What is done for each ALG code. */
    @FunctionalInterface
    interface ForAlg {
        void run(int alg) throws Exception;
    }

    void forEachAlg(ForAlg trial) throws Exception {
        for (int alg : algs) {
            try {
                trial.run(alg);
            } catch (Rule.Violation e) {
                throw new Rule.Violation(String.format("with ALG %02X, %s", alg, e.getMessage()));
            }
        }
    }

    List<Vector> vectors(String kind) {
        return vectors.stream().filter(vector -> vector.kind().equals(kind)).toList();
    }

    boolean extended(int alg) {
        return plugin.supports(alg, Function.EXTENDED_SESSION);
    }

    boolean transfers(int alg) {
        return plugin.supports(alg, Function.TRANSFER);
    }

    int[] undeclared() {
        return IntStream.range(0, 0x100).filter(alg -> Arrays.stream(algs).noneMatch(each -> each == alg)).toArray();
    }

    static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(SEED + seed).nextBytes(bytes);
        return bytes;
    }

    static KeyValue key(int seed) {
        return KeyValue.copyOf(bytes(KeyValue.LENGTH, seed));
    }

    DiversifiedKey diversified(int alg, int seed) {
        return plugin.diversify(alg, key(seed), bytes(8, seed + 1));
    }

    /**
     * Runs a whole session of a few elements.
     *
     * @return its certificates, one behind the other; with extended mode also what mid-session functions gave
     */
    static byte[] session(DiversifiedKey key, boolean extended, int seed) {
        SessionDigest session = key.openSession(bytes(extended ? 8 : 4, seed), extended);
        byte[] result = new byte[0];
        Random random = new Random(seed);
        for (int i = 0; i < 6; i++) {
            byte[] element = bytes(random.nextInt(90) + 1, seed + i);
            session.update(element, 0, element.length);
        }
        if (extended) {
            result = join(result, session.midSessionTerminalCertificate());
            byte[] command = join(new byte[] {0, (byte) 0xDC, 1, 0x0C, 9}, bytes(9, seed));
            result = join(result, session.cipher(command, 0, command.length));
            byte[] response = join(bytes(20, seed), new byte[] {(byte) 0x90, 0});
            result = join(result, session.cipher(response, 0, response.length));
        }
        result = join(result, session.terminalCertificate());
        session.destroy();
        return result;
    }

    /**
     * Uses every function of a key once.
     *
     * @param key  the key
     * @param alg  its ALG code
     * @param seed chooses the input
     * @return all results, one behind the other
     */
    byte[] everything(DiversifiedKey key, int alg, int seed) {
        return everything(key, diversified(alg, seed + 7), extended(alg), transfers(alg), seed);
    }

    static byte[] everything(DiversifiedKey key, DiversifiedKey other, boolean extended, boolean transfers, int seed) {
        byte[] challenge = bytes(CHALLENGE, seed);
        byte[] operation = bytes(0x36, seed);
        byte[] terminal = key.storedValueTerminalMac(operation, bytes(3, seed), bytes(3, seed + 1), bytes(4, seed));
        byte[] all = join(session(key, false, seed), key.cipherPin(challenge, bytes(4, seed)),
                key.cipherNewPin(challenge, bytes(4, seed), bytes(4, seed + 1)), key.cipherCardKey(challenge, other, 0x21, 0x5A),
                terminal, key.storedValueCardMac(operation, bytes(3, seed), bytes(3, seed + 1), bytes(4, seed), terminal),
                key.sign(bytes(100, seed), 8), key.signRead(challenge, bytes(40, seed)), key.revealKey().revealKeyBytes());
        if (extended) {
            all = join(all, session(key, true, seed));
        }
        if (transfers) {
            byte[] block = key.sealTransfer(challenge, bytes(RECORD, seed), 0x7E);
            try {
                all = join(all, block, key.openTransfer(challenge, block).record());
            } catch (TransferException e) {
                throw new Rule.Violation("a block that was just sealed does not open: " + e.getMessage());
            }
        }
        return all;
    }

    static byte[] join(byte[]... parts) {
        byte[] all = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** What is expected to fail. */
    @FunctionalInterface
    interface Call {
        Object run() throws Exception;
    }

    /** Demands that a call fails with one of some types of exception. */
    static Throwable refused(String what, Call call, Class<?>... allowed) {
        Object result;
        try {
            result = call.run();
        } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError e) {
            Rule.require(Arrays.stream(allowed).anyMatch(type -> type.isInstance(e)), "%s gives %s instead of %s", what, describe(e),
                    names(allowed));
            return e;
        }
        throw new Rule.Violation(String.format("%s is not refused with %s%s", what, names(allowed),
                result instanceof byte[] bytes ? ", but gives " + bytes.length + " bytes" : ""));
    }

    private static String names(Class<?>[] types) {
        return String.join(" or ", Arrays.stream(types).map(Class::getSimpleName).toList());
    }

    /** The type of a fault and where it came from, but not its message, which could hold what must not be shown. */
    static String describe(Throwable fault) {
        StackTraceElement[] trace = fault.getStackTrace();
        return fault.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    @Override
    public void close() throws BundleException, IOException {
        container.close();
    }
}
