package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.bytes;
import static org.calypsohsm.product.tck.Kit.key;
import static org.calypsohsm.product.tck.Kit.refused;
import static org.calypsohsm.product.tck.Rule.require;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;

/** Input that nobody sends on purpose: only the documented exceptions may come out, and the plugin must go on. */
final class HostileRules {

    private static final int ROUNDS = 3000;
    private static final int[] SIZES = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 28, 29, 30, 32, 47, 48, 49, 64, 255, 256, 257,
            65_536};

    private final Kit kit;

    private HostileRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        HostileRules rules = new HostileRules(kit);
        return List.of(
                new Rule("hostile-1", "DiversifiedKey, class comment",
                        "null is refused with NullPointerException.",
                        () -> kit.forEachAlg(rules::nulls)),
                new Rule("hostile-2", "DiversifiedKey and SessionDigest, class comments",
                        "Whatever the arguments are, only documented exceptions come out, and the plugin does the same as before "
                                + "afterwards.",
                        () -> kit.forEachAlg(rules::anyArguments)),
                new Rule("hostile-3", "SessionDigest, class comment",
                        "A range outside of the array is refused with IndexOutOfBoundsException or IllegalArgumentException, and "
                                + "the digest goes on.",
                        () -> kit.forEachAlg(rules::ranges)),
                new Rule("hostile-4", "SessionDigest, class comment",
                        "Calls out of their turn give IllegalStateException, UnsupportedOperationException or a result, and nothing "
                                + "else.",
                        () -> kit.forEachAlg(rules::anyOrder)),
                new Rule("hostile-5", "DiversifiedKey.sign",
                        "A message of 4 MiB is signed within the time limit.",
                        () -> kit.forEachAlg(rules::hugeMessage)),
                new Rule("hostile-6", "SessionDigest",
                        "The size of a session does not depend on its length: 200,000 elements pass within the time limit.",
                        () -> kit.forEachAlg(rules::longSession)));
    }

    private void nulls(int alg) {
        DiversifiedKey key = kit.diversified(alg, 1);
        DiversifiedKey other = kit.diversified(alg, 2);
        SessionDigest session = key.openSession(bytes(4, 1), false);
        byte[] c = bytes(8, 1);
        byte[] p = bytes(4, 1);
        byte[] t = bytes(3, 1);
        none("diversify of no key", () -> kit.plugin.diversify(alg, null, c));
        none("diversify without a diversifier", () -> kit.plugin.diversify(alg, key(1), null));
        none("undiversified of no key", () -> kit.plugin.undiversified(alg, null));
        none("openSession", () -> key.openSession(null, false));
        none("cipherPin without a challenge", () -> key.cipherPin(null, p));
        none("cipherPin without a PIN", () -> key.cipherPin(c, null));
        none("cipherNewPin", () -> key.cipherNewPin(c, null, p));
        none("cipherNewPin", () -> key.cipherNewPin(c, p, null));
        none("cipherCardKey without a challenge", () -> key.cipherCardKey(null, other, 0, 0));
        none("storedValueTerminalMac", () -> key.storedValueTerminalMac(null, t, t, p));
        none("storedValueTerminalMac", () -> key.storedValueTerminalMac(c, null, t, p));
        none("storedValueTerminalMac", () -> key.storedValueTerminalMac(c, t, null, p));
        none("storedValueTerminalMac", () -> key.storedValueTerminalMac(c, t, t, null));
        none("storedValueCardMac", () -> key.storedValueCardMac(c, t, t, p, null));
        none("sign", () -> key.sign(null, 4));
        none("signRead", () -> key.signRead(c, null));
        none("signRead", () -> key.signRead(null, c));
        none("update", () -> {
            session.update(null, 0, 0);
            return null;
        });
        // A key that is none is also one of another plugin.
        refused("cipherCardKey without a key", () -> key.cipherCardKey(c, null, 0, 0), NullPointerException.class,
                IllegalArgumentException.class);
        session.terminalCertificate();
        none("verifyCardCertificate", () -> session.verifyCardCertificate(null, 0, 4));
    }

    private static void none(String what, Kit.Call call) {
        refused(what + " with null", call, NullPointerException.class);
    }

    private interface Attempt {
        Object run() throws Exception;
    }

    /** Lets only documented exceptions pass. */
    private static void attempt(String what, Attempt attempt) {
        try {
            attempt.run();
        } catch (IllegalArgumentException | IllegalStateException | UnsupportedOperationException | IndexOutOfBoundsException
                | TransferException e) {
            // An array index that is wrong was not checked, unless it is that of a range of the caller.
            require(!(e instanceof ArrayIndexOutOfBoundsException), "%s gives %s", what, Kit.describe(e));
        } catch (Exception | StackOverflowError | OutOfMemoryError | LinkageError e) {
            throw new Rule.Violation(what + " gives " + Kit.describe(e));
        }
    }

    private void anyArguments(int alg) {
        Random random = new Random(Kit.SEED);
        byte[] before = kit.everything(kit.diversified(alg, 1), alg, 1);
        DiversifiedKey key = kit.diversified(alg, 1);
        DiversifiedKey other = kit.diversified(alg, 2);
        for (int i = 0; i < ROUNDS; i++) {
            byte[][] a = new byte[5][];
            for (int j = 0; j < a.length; j++) {
                a[j] = bytes(SIZES[random.nextInt(SIZES.length - (random.nextInt(8) == 0 ? 0 : 1))], i);
            }
            int n = random.nextBoolean() ? random.nextInt() : random.nextInt(300) - 20;
            attempt("diversify", () -> kit.plugin.diversify(random.nextBoolean() ? alg : n, key(1), a[0]));
            attempt("openSession", () -> key.openSession(a[0], random.nextBoolean()));
            attempt("cipherPin", () -> key.cipherPin(a[0], a[1]));
            attempt("cipherNewPin", () -> key.cipherNewPin(a[0], a[1], a[2]));
            attempt("cipherCardKey", () -> key.cipherCardKey(a[0], other, n, n));
            attempt("storedValueTerminalMac", () -> key.storedValueTerminalMac(a[0], a[1], a[2], a[3]));
            attempt("storedValueCardMac", () -> key.storedValueCardMac(a[0], a[1], a[2], a[3], a[4]));
            attempt("sign", () -> key.sign(a[0], n));
            attempt("signRead", () -> key.signRead(a[0], a[1]));
            attempt("sealTransfer", () -> key.sealTransfer(a[0], a[1], n));
            attempt("openTransfer", () -> key.openTransfer(a[0], a[1]));
            attempt("supports", () -> kit.plugin.supports(alg, null));
        }
        require(Arrays.equals(before, kit.everything(key, alg, 1)), "the key gives other results than before");
        require(Arrays.equals(before, kit.everything(kit.diversified(alg, 1), alg, 1)), "a new key gives other results than before");
    }

    private void ranges(int alg) {
        SessionDigest session = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
        SessionDigest alone = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
        int[][] bad = {{-1, 4}, {0, -1}, {0, 21}, {20, 1}, {21, 0}, {Integer.MAX_VALUE, 4}, {4, Integer.MAX_VALUE},
            {Integer.MIN_VALUE, 4}, {2, 255}, {Integer.MAX_VALUE, Integer.MAX_VALUE}};
        for (int[] range : bad) {
            refused("update with offset " + range[0] + " and length " + range[1] + " of 20 bytes", () -> {
                session.update(bytes(20, 1), range[0], range[1]);
                return null;
            }, IndexOutOfBoundsException.class, IllegalArgumentException.class);
        }
        session.update(bytes(20, 1), 3, 10);
        alone.update(bytes(20, 1), 3, 10);
        require(Arrays.equals(session.terminalCertificate(), alone.terminalCertificate()), "what was refused got into the digest");
    }

    private void anyOrder(int alg) {
        Random random = new Random(Kit.SEED);
        for (int i = 0; i < ROUNDS / 3; i++) {
            boolean extended = kit.extended(alg) && random.nextBoolean();
            SessionDigest session = kit.diversified(alg, 1).openSession(bytes(extended ? 8 : 4, i), extended);
            for (int step = 0; step < 12; step++) {
                byte[] data = bytes(random.nextInt(300), i + step);
                switch (random.nextInt(7)) {
                    case 0 -> attempt("update", () -> {
                        session.update(data, 0, data.length);
                        return null;
                    });
                    case 1 -> attempt("cipher", () -> session.cipher(data, 0, data.length));
                    case 2 -> attempt("midSessionTerminalCertificate", session::midSessionTerminalCertificate);
                    case 3 -> attempt("verifyMidSessionCardCertificate",
                            () -> session.verifyMidSessionCardCertificate(data, 0, data.length));
                    case 4 -> attempt("terminalCertificate", session::terminalCertificate);
                    case 5 -> attempt("verifyCardCertificate", () -> session.verifyCardCertificate(data, 0, data.length));
                    default -> attempt("destroy", () -> {
                        if (random.nextInt(6) == 0) {
                            session.destroy();
                        }
                        return null;
                    });
                }
            }
        }
    }

    private void hugeMessage(int alg) {
        byte[] message = new byte[4 << 20];
        byte[] first = kit.diversified(alg, 1).sign(message, 8);
        message[message.length - 1] = 1;
        require(!Arrays.equals(first, kit.diversified(alg, 1).sign(message, 8)), "its last byte is not signed");
    }

    private void longSession(int alg) {
        SessionDigest session = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
        byte[] element = bytes(255, 1);
        for (int i = 0; i < 200_000 / kit.algs.length; i++) {
            session.update(element, 0, 32);
        }
        require(session.terminalCertificate().length == 4, "it has no certificate");
    }
}
