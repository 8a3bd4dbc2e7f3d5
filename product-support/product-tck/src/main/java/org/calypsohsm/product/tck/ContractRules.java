package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.bytes;
import static org.calypsohsm.product.tck.Kit.key;
import static org.calypsohsm.product.tck.Kit.refused;
import static org.calypsohsm.product.tck.Rule.require;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

/** What the Javadoc of the interface says, method by method. */
final class ContractRules {

    private static final int SECRET_WINDOW = 4;

    private final Kit kit;

    private ContractRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        ContractRules rules = new ContractRules(kit);
        return List.of(
                new Rule("contract-1", "SecurityPlugin.diversify, undiversified",
                        "A key of an ALG code that is not declared is refused with IllegalArgumentException.",
                        rules::undeclaredAlg),
                new Rule("contract-2", "SecurityPlugin.diversify",
                        "A diversifier has 4 or 8 bytes; any other is refused with IllegalArgumentException.",
                        rules::diversifierLength),
                new Rule("contract-3", "SecurityPlugin.diversify",
                        "The diversifier is not kept and not changed.",
                        rules::diversifierIsNotKept),
                new Rule("contract-4", "SecurityPlugin.diversify",
                        "Each key and each diversifier gives another diversified key.",
                        rules::diversification),
                new Rule("contract-5", "SecurityPlugin.undiversified, DiversifiedKey.revealKey",
                        "A key that was revealed and taken as it is does the same as before.",
                        rules::revealedKey),
                new Rule("contract-6", "SecurityPlugin.selfTest",
                        "The self test of each declared ALG code succeeds.",
                        () -> kit.forEachAlg(kit.plugin::selfTest)),
                new Rule("contract-7", "DiversifiedKey",
                        "Each result has the length that its Javadoc says.",
                        rules::lengths),
                new Rule("contract-8", "DiversifiedKey, class comment",
                        "An argument of another length is refused with IllegalArgumentException.",
                        rules::wrongLengths),
                new Rule("contract-9", "DiversifiedKey, class comment",
                        "No argument is kept or changed.",
                        rules::argumentsAreLeftAlone),
                new Rule("contract-10", "DiversifiedKey, class comment",
                        "No text shows bytes of a key: toString(), messages of exceptions.",
                        rules::noSecretInText),
                new Rule("contract-11", "DiversifiedKey.sign",
                        "A shorter signature is the beginning of a longer one.",
                        rules::signatures),
                new Rule("contract-12", "DiversifiedKey.cipherCardKey",
                        "A key to load of another plugin or ALG code is refused with IllegalArgumentException.",
                        rules::foreignKey),
                new Rule("contract-13", "DiversifiedKey.sealTransfer, openTransfer",
                        "With the function TRANSFER, what was sealed opens, and what was changed does not; without it, both throw "
                                + "UnsupportedOperationException.",
                        rules::transfer),
                new Rule("contract-14", "DiversifiedKey.destroy",
                        "A key that was destroyed does not reveal its value any more.",
                        rules::destroyedKey),
                new Rule("contract-15", "SessionDigest.terminalCertificate",
                        "The certificate depends on key, challenge and each byte of each element.",
                        rules::certificateDependsOnAll),
                new Rule("contract-16", "SessionDigest.update",
                        "An element is the named range of the array, and nothing else.",
                        rules::ranges),
                new Rule("contract-17", "SessionDigest.verifyCardCertificate",
                        "A certificate that the card did not make, or of another length, is not right.",
                        rules::wrongCertificates),
                new Rule("contract-18", "DiversifiedKey.openSession, SessionDigest",
                        "Without the function EXTENDED_SESSION, what belongs to extended mode throws UnsupportedOperationException.",
                        rules::noExtendedMode),
                new Rule("contract-19", "SessionDigest",
                        "A session in regular mode refuses mid-session functions with UnsupportedOperationException.",
                        rules::regularModeHasNoMidSession),
                new Rule("contract-20", "SessionDigest",
                        "A session does not need its key any more once it is open.",
                        rules::sessionWithoutKey));
    }

    private void undeclaredAlg() {
        List<Integer> codes = new ArrayList<>(Arrays.stream(kit.undeclared()).boxed().toList());
        codes.addAll(List.of(-1, 0x100, Integer.MAX_VALUE, Integer.MIN_VALUE));
        for (int alg : codes) {
            String what = String.format("ALG %02X", alg);
            refused("diversify with " + what, () -> kit.plugin.diversify(alg, key(1), bytes(8, 1)), IllegalArgumentException.class);
            refused("undiversified with " + what, () -> kit.plugin.undiversified(alg, key(1)), IllegalArgumentException.class);
        }
    }

    private void diversifierLength() throws Exception {
        kit.forEachAlg(alg -> {
            for (int length : new int[] {0, 1, 2, 3, 5, 6, 7, 9, 12, 16, 255, 256, 100_000}) {
                refused("a diversifier of " + length + " bytes", () -> kit.plugin.diversify(alg, key(1), new byte[length]),
                        IllegalArgumentException.class);
            }
            kit.plugin.diversify(alg, key(1), bytes(4, 1));
            kit.plugin.diversify(alg, key(1), bytes(8, 1));
        });
    }

    private void diversifierIsNotKept() throws Exception {
        kit.forEachAlg(alg -> {
            byte[] diversifier = bytes(8, 1);
            DiversifiedKey key = kit.plugin.diversify(alg, key(1), diversifier);
            require(Arrays.equals(diversifier, bytes(8, 1)), "it was changed");
            Arrays.fill(diversifier, (byte) 0);
            byte[] expected = kit.plugin.diversify(alg, key(1), bytes(8, 1)).sign(bytes(20, 1), 8);
            require(Arrays.equals(key.sign(bytes(20, 1), 8), expected), "overwriting the caller's array changes what the key does");
        });
    }

    private void diversification() throws Exception {
        kit.forEachAlg(alg -> {
            List<byte[]> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                byte[] changed = bytes(8, 1);
                changed[i] ^= 1;
                all.add(kit.plugin.diversify(alg, key(1), changed).sign(new byte[8], 8));
                all.add(kit.plugin.diversify(alg, key(2 + i), bytes(8, 1)).sign(new byte[8], 8));
            }
            all.add(kit.plugin.diversify(alg, key(1), bytes(8, 1)).sign(new byte[8], 8));
            all.add(kit.plugin.diversify(alg, key(1), bytes(4, 1)).sign(new byte[8], 8));
            long different = all.stream().map(HexFormat.of()::formatHex).distinct().count();
            require(different == all.size(), "of %d keys, only %d sign differently", all.size(), different);
        });
    }

    private void revealedKey() throws Exception {
        kit.forEachAlg(alg -> {
            require(kit.plugin.undiversified(alg, key(1)).revealKey().equals(key(1)), "an undiversified key reveals another value");
            DiversifiedKey key = kit.diversified(alg, 1);
            DiversifiedKey again = kit.plugin.undiversified(alg, key.revealKey());
            require(Arrays.equals(kit.everything(key, alg, 5), kit.everything(again, alg, 5)), "it does something else");
        });
    }

    private static void length(String what, byte[] result, int expected) {
        require(result != null && result.length == expected, "%s gives %s bytes, not %d", what, result == null ? "no" : result.length,
                expected);
    }

    private void lengths() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            boolean extended = kit.extended(alg);
            length("cipherPin", key.cipherPin(bytes(8, 1), bytes(4, 1)), 8);
            length("cipherNewPin", key.cipherNewPin(bytes(8, 1), bytes(4, 1), bytes(4, 2)), 16);
            length("cipherCardKey", key.cipherCardKey(bytes(8, 1), kit.diversified(alg, 2), 0, 0xFF), 32);
            for (int size : new int[] {0, 1, 0x30, 255}) {
                byte[] terminal = key.storedValueTerminalMac(bytes(size, 1), bytes(3, 1), bytes(3, 2), bytes(4, 1));
                length("storedValueTerminalMac", terminal, extended ? 10 : 5);
                length("storedValueCardMac", key.storedValueCardMac(bytes(size, 1), bytes(3, 1), bytes(3, 2), bytes(4, 1), terminal),
                        extended ? 6 : 3);
            }
            for (int size : new int[] {0, 1, 7, 8, 9, 255, 1000}) {
                for (int wanted = 1; wanted <= 8; wanted++) {
                    length("sign", key.sign(bytes(size, 1), wanted), wanted);
                }
                length("signRead", key.signRead(bytes(8, 1), bytes(size, 1)), 8);
            }
            length("terminalCertificate in regular mode", Kit.session(key, false, 1), 4);
            if (extended) {
                SessionDigest session = key.openSession(bytes(8, 1), true);
                length("midSessionTerminalCertificate", session.midSessionTerminalCertificate(), 8);
                byte[] command = {0, (byte) 0xB2, 1, 0x44, 0};
                length("cipher of a command", session.cipher(command, 0, 5), 5);
                length("cipher of a response", session.cipher(bytes(31, 1), 0, 31), 31);
                length("terminalCertificate in extended mode", session.terminalCertificate(), 8);
            }
            if (kit.transfers(alg)) {
                length("sealTransfer", key.sealTransfer(bytes(8, 1), bytes(Kit.RECORD, 1), 0x7E), Kit.BLOCK);
            }
        });
    }

    private void wrongLengths() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            DiversifiedKey other = kit.diversified(alg, 2);
            byte[] terminal = key.storedValueTerminalMac(bytes(9, 1), bytes(3, 1), bytes(3, 2), bytes(4, 1));
            for (int wrong : new int[] {0, 1, 2, 5, 6, 7, 9, 15, 17, 24, 47, 49, 256, 100_000}) {
                byte[] bad = new byte[wrong];
                String of = " of " + wrong + " bytes";
                invalid("openSession with a challenge" + of, () -> key.openSession(bad, false));
                invalid("cipherPin with a challenge" + of, () -> key.cipherPin(bad, bytes(4, 1)));
                invalid("cipherPin with a PIN" + of, () -> key.cipherPin(bytes(8, 1), bad));
                invalid("cipherNewPin with a challenge" + of, () -> key.cipherNewPin(bad, bytes(4, 1), bytes(4, 1)));
                invalid("cipherNewPin with a current PIN" + of, () -> key.cipherNewPin(bytes(8, 1), bad, bytes(4, 1)));
                invalid("cipherNewPin with a new PIN" + of, () -> key.cipherNewPin(bytes(8, 1), bytes(4, 1), bad));
                invalid("cipherCardKey with a challenge" + of, () -> key.cipherCardKey(bad, other, 0, 0));
                invalid("storedValueTerminalMac with a challenge" + of,
                        () -> key.storedValueTerminalMac(bytes(9, 1), bad, bytes(3, 1), bytes(4, 1)));
                invalid("storedValueTerminalMac with a transaction number" + of,
                        () -> key.storedValueTerminalMac(bytes(9, 1), bytes(3, 1), bad, bytes(4, 1)));
                invalid("storedValueTerminalMac with a serial number" + of,
                        () -> key.storedValueTerminalMac(bytes(9, 1), bytes(3, 1), bytes(3, 1), bad));
                if (wrong != terminal.length) {
                    invalid("storedValueCardMac with a terminal MAC" + of,
                            () -> key.storedValueCardMac(bytes(9, 1), bytes(3, 1), bytes(3, 1), bytes(4, 1), bad));
                }
                invalid("signRead with a challenge" + of, () -> key.signRead(bad, bytes(20, 1)));
                if (kit.extended(alg)) {
                    invalid("openSession in extended mode with a challenge" + of, () -> key.openSession(bad, true));
                }
                if (kit.transfers(alg)) {
                    invalid("sealTransfer with a challenge" + of, () -> key.sealTransfer(bad, bytes(Kit.RECORD, 1), 0));
                    invalid("sealTransfer with a record" + of, () -> key.sealTransfer(bytes(8, 1), bad, 0));
                    invalid("openTransfer with a challenge" + of, () -> key.openTransfer(bad, bytes(Kit.BLOCK, 1)));
                    invalid("openTransfer with a block" + of, () -> key.openTransfer(bytes(8, 1), bad));
                }
            }
            for (int wrong : new int[] {0, -1, 9, 16, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                invalid("sign with the length " + wrong, () -> key.sign(bytes(20, 1), wrong));
            }
            SessionDigest session = key.openSession(bytes(4, 1), false);
            invalid("update with 256 bytes", () -> {
                session.update(new byte[300], 0, 256);
                return null;
            });
        });
    }

    private static void invalid(String what, Kit.Call call) {
        refused(what, call, IllegalArgumentException.class);
    }

    private void argumentsAreLeftAlone() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            byte[][] arguments = {bytes(8, 1), bytes(4, 2), bytes(4, 3), bytes(40, 4), bytes(3, 5), bytes(3, 6), bytes(4, 7),
                bytes(Kit.RECORD, 8)};
            byte[][] before = Arrays.stream(arguments).map(byte[]::clone).toArray(byte[][]::new);
            key.cipherPin(arguments[0], arguments[1]);
            key.cipherNewPin(arguments[0], arguments[1], arguments[2]);
            key.cipherCardKey(arguments[0], kit.diversified(alg, 2), 1, 2);
            byte[] terminal = key.storedValueTerminalMac(arguments[3], arguments[4], arguments[5], arguments[6]);
            byte[] terminalBefore = terminal.clone();
            key.storedValueCardMac(arguments[3], arguments[4], arguments[5], arguments[6], terminal);
            key.sign(arguments[3], 8);
            key.signRead(arguments[0], arguments[3]);
            SessionDigest session = key.openSession(arguments[1], false);
            session.update(arguments[3], 0, arguments[3].length);
            byte[] certificate = session.terminalCertificate();
            byte[] certificateBefore = certificate.clone();
            session.verifyCardCertificate(certificate, 0, certificate.length);
            if (kit.transfers(alg)) {
                byte[] block = key.sealTransfer(arguments[0], arguments[7], 3);
                byte[] blockBefore = block.clone();
                key.openTransfer(arguments[0], block);
                require(Arrays.equals(block, blockBefore), "openTransfer changed its block");
            }
            if (kit.extended(alg)) {
                SessionDigest extended = key.openSession(arguments[0], true);
                byte[] command = Kit.join(new byte[] {0, (byte) 0xDC, 1, 4, 8}, arguments[0]);
                byte[] commandBefore = command.clone();
                extended.cipher(command, 0, command.length);
                require(Arrays.equals(command, commandBefore), "cipher changed its command");
            }
            require(Arrays.deepEquals(arguments, before), "an argument was changed");
            require(Arrays.equals(terminal, terminalBefore) && Arrays.equals(certificate, certificateBefore),
                    "storedValueCardMac or verifyCardCertificate changed its argument");
            SessionDigest open = key.openSession(arguments[1], false);
            byte[] element = bytes(20, 9);
            open.update(element, 0, element.length);
            Arrays.fill(arguments[1], (byte) 0);
            Arrays.fill(element, (byte) 0);
            SessionDigest same = key.openSession(bytes(4, 2), false);
            same.update(bytes(20, 9), 0, 20);
            require(Arrays.equals(open.terminalCertificate(), same.terminalCertificate()),
                    "overwriting the challenge or an element afterwards changes the certificate");
        });
    }

    private void noSecretInText() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            List<byte[]> secrets = List.of(key(1).revealKeyBytes(), key.revealKey().revealKeyBytes());
            SessionDigest session = key.openSession(bytes(4, 1), false);
            List<String> texts = new ArrayList<>(List.of(key.toString(), session.toString(), kit.plugin.toString()));
            List<Kit.Call> faults = List.of(() -> key.cipherPin(new byte[1], new byte[4]), () -> key.sign(new byte[4], 99),
                    () -> key.cipherCardKey(new byte[8], null, 0, 0), () -> key.openSession(new byte[99], true),
                    () -> kit.plugin.diversify(alg, key(1), new byte[5]), () -> kit.plugin.diversify(-1, key(1), new byte[8]),
                    () -> kit.plugin.undiversified(0x100, key(1)), () -> key.openTransfer(new byte[8], new byte[Kit.BLOCK]),
                    () -> session.cipher(new byte[9], 0, 9), () -> {
                        key.destroy();
                        return key.sign(new byte[8], 8);
                    });
            for (Kit.Call fault : faults) {
                try {
                    fault.run();
                } catch (Exception e) {
                    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                        texts.add(cause.toString());
                    }
                }
            }
            texts.forEach(text -> secrets.forEach(secret -> noSecretIn(text, secret)));
        });
    }

    private static void noSecretIn(String text, byte[] secret) {
        String hex = text.toUpperCase(Locale.ROOT).replaceAll("[^0-9A-F]", "");
        String list = text.replaceAll("[\\s\\[\\]]", "");
        for (int from = 0; from + SECRET_WINDOW <= secret.length; from++) {
            byte[] part = Arrays.copyOfRange(secret, from, from + SECRET_WINDOW);
            String numbers = Arrays.toString(part).replaceAll("[\\s\\[\\]]", "");
            require(!hex.contains(HexFormat.of().withUpperCase().formatHex(part)) && !list.contains(numbers),
                    "a text of %d characters, which begins with \"%s\", shows %d bytes of a key or more", text.length(),
                    text.substring(0, Math.min(12, text.length())), SECRET_WINDOW);
        }
        require(!text.contains(Base64.getEncoder().encodeToString(secret).substring(0, 20)), "a text shows a key in base 64");
    }

    private void signatures() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            for (int size : new int[] {0, 1, 8, 33}) {
                byte[] whole = key.sign(bytes(size, 1), 8);
                for (int length = 1; length < 8; length++) {
                    require(Arrays.equals(key.sign(bytes(size, 1), length), Arrays.copyOf(whole, length)), "%d bytes are not", length);
                }
            }
        });
    }

    private void foreignKey() throws Exception {
        DiversifiedKey foreign = (DiversifiedKey) Proxy.newProxyInstance(DiversifiedKey.class.getClassLoader(),
                new Class<?>[] {DiversifiedKey.class}, (proxy, method, arguments) -> method.getName().equals("revealKey") ? key(1)
                : null);
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            invalid("a key of another plugin", () -> key.cipherCardKey(bytes(8, 1), foreign, 0x21, 1));
            for (int other : kit.algs) {
                if (other != alg) {
                    invalid(String.format("a key of ALG %02X", other), () -> key.cipherCardKey(bytes(8, 1), kit.diversified(other, 2),
                            0x21, 1));
                }
            }
        });
    }

    private void transfer() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            byte[] challenge = bytes(8, 1);
            byte[] record = bytes(Kit.RECORD, 1);
            if (!kit.plugin.supports(alg, Function.TRANSFER)) {
                refused("sealTransfer", () -> key.sealTransfer(challenge, record, 1), UnsupportedOperationException.class);
                refused("openTransfer", () -> key.openTransfer(challenge, bytes(Kit.BLOCK, 1)), UnsupportedOperationException.class);
                return;
            }
            for (int p2 : new int[] {0, 0x7E, 0xFF}) {
                TransferredRecord opened = key.openTransfer(challenge, key.sealTransfer(challenge, record, p2));
                require(Arrays.equals(opened.record(), record) && opened.p2() == p2, "another record or reference comes out");
            }
            byte[] block = key.sealTransfer(challenge, record, 0x7E);
            for (int i = 0; i < block.length; i++) {
                byte[] changed = block.clone();
                changed[i] ^= 0x10;
                refused("a block with a change in byte " + i, () -> key.openTransfer(challenge, changed), TransferException.class);
            }
            refused("a block for another challenge", () -> key.openTransfer(bytes(8, 2), block), TransferException.class);
            refused("a block under another key", () -> kit.diversified(alg, 9).openTransfer(challenge, block),
                    TransferException.class);
        });
    }

    private void destroyedKey() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            KeyValue secret = key.revealKey();
            key.destroy();
            KeyValue after;
            try {
                after = key.revealKey();
            } catch (IllegalStateException e) {
                return;
            }
            require(!secret.equals(after), "it still does");
        });
    }

    private static byte[] certificate(DiversifiedKey key, byte[] challenge, byte[]... elements) {
        SessionDigest session = key.openSession(challenge, challenge.length == 8);
        for (byte[] element : elements) {
            session.update(element, 0, element.length);
        }
        return session.terminalCertificate();
    }

    private void certificateDependsOnAll() throws Exception {
        kit.forEachAlg(alg -> {
            for (int size : kit.extended(alg) ? new int[] {4, 8} : new int[] {4}) {
                DiversifiedKey key = kit.diversified(alg, 1);
                byte[] challenge = bytes(size, 1);
                byte[] init = bytes(14, 2);
                byte[] update = bytes(21, 3);
                byte[] right = certificate(key, challenge, init, update);
                require(!Arrays.equals(right, certificate(kit.diversified(alg, 5), challenge, init, update)),
                        "another key gives the same");
                require(!Arrays.equals(right, certificate(key, challenge, update, init)), "another order gives the same");
                require(!Arrays.equals(right, certificate(key, challenge, init)), "one element less gives the same");
                for (byte[] changed : new byte[][] {challenge, init, update}) {
                    for (int i = 0; i < changed.length; i++) {
                        changed[i] ^= 1;
                        require(!Arrays.equals(right, certificate(key, challenge, init, update)), "a change in a byte gives the same");
                        changed[i] ^= 1;
                    }
                }
                require(Arrays.equals(right, certificate(key, challenge, init, update)), "the same input gives another certificate");
            }
        });
    }

    private void ranges() throws Exception {
        kit.forEachAlg(alg -> {
            DiversifiedKey key = kit.diversified(alg, 1);
            byte[] element = bytes(30, 1);
            byte[] expected = certificate(key, bytes(4, 1), element);
            for (int offset : new int[] {0, 1, 5, 50}) {
                byte[] larger = Kit.join(bytes(offset, 2), element, bytes(offset, 3));
                SessionDigest session = key.openSession(bytes(4, 1), false);
                session.update(larger, offset, element.length);
                require(Arrays.equals(session.terminalCertificate(), expected), "the offset %d makes a difference", offset);
            }
        });
    }

    private void wrongCertificates() throws Exception {
        kit.forEachAlg(alg -> {
            for (boolean extended : kit.extended(alg) ? new boolean[] {false, true} : new boolean[] {false}) {
                int size = extended ? 8 : 4;
                SessionDigest session = kit.diversified(alg, 1).openSession(bytes(size, 1), extended);
                session.update(bytes(20, 1), 0, 20);
                byte[] terminal = session.terminalCertificate();
                require(!session.verifyCardCertificate(terminal, 0, size), "the terminal's own certificate is taken for the card's");
                // Of 4 bytes, one in 4 billion is right by chance; these are always the same.
                for (int i = 0; i < 200; i++) {
                    require(!session.verifyCardCertificate(bytes(size, i), 0, size), "any certificate is right");
                }
                for (int length : new int[] {0, 1, size - 1, size + 1, 16, 255}) {
                    require(!session.verifyCardCertificate(new byte[length], 0, length), "one of %d bytes is right", length);
                }
            }
        });
    }

    private static void unsupported(String what, Kit.Call call) {
        refused(what, call, UnsupportedOperationException.class);
    }

    private void noExtendedMode() throws Exception {
        kit.forEachAlg(alg -> {
            if (!kit.plugin.supports(alg, Function.EXTENDED_SESSION)) {
                unsupported("openSession in extended mode", () -> kit.diversified(alg, 1).openSession(bytes(8, 1), true));
            }
        });
    }

    private void regularModeHasNoMidSession() throws Exception {
        kit.forEachAlg(alg -> {
            SessionDigest session = kit.diversified(alg, 1).openSession(bytes(4, 1), false);
            session.update(bytes(10, 1), 0, 10);
            unsupported("midSessionTerminalCertificate", session::midSessionTerminalCertificate);
            unsupported("verifyMidSessionCardCertificate", () -> session.verifyMidSessionCardCertificate(bytes(8, 1), 0, 8));
            unsupported("cipher", () -> session.cipher(bytes(20, 1), 0, 20));
            require(session.terminalCertificate().length == 4, "the session does not go on after that");
        });
    }

    private void sessionWithoutKey() throws Exception {
        kit.forEachAlg(alg -> {
            byte[] expected = certificate(kit.diversified(alg, 1), bytes(4, 1), bytes(20, 1));
            DiversifiedKey key = kit.diversified(alg, 1);
            SessionDigest session = key.openSession(bytes(4, 1), false);
            key.destroy();
            session.update(bytes(20, 1), 0, 20);
            require(Arrays.equals(session.terminalCertificate(), expected), "it gives another certificate after destroy() of the key");
        });
    }
}
