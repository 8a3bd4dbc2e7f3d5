package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.refused;
import static org.calypsohsm.product.tck.Rule.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

/** Known answers, which the OEM gives: from the licensor, or from an implementation that shares no code with the plugin. */
final class VectorRules {

    private static final String SOURCE = "OEM guide, \"Vectors\"; security-profiles.md";
    private static final List<String> KINDS = List.of("diversify", "session", "pin", "cardKey", "storedValue", "signature");

    private final Kit kit;

    private VectorRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        VectorRules rules = new VectorRules(kit);
        List<Rule> all = new ArrayList<>();
        all.add(new Rule("vectors-0", SOURCE,
                "There is at least one vector of each kind for each ALG code, and for no other code.",
                rules::complete));
        for (Vector vector : kit.vectors) {
            all.add(new Rule("vectors-" + vector.number(), SOURCE, "The plugin gives the answer of " + vector + ".",
                    () -> rules.run(vector)));
        }
        return all;
    }

    private void complete() throws Exception {
        kit.forEachAlg(alg -> {
            List<String> kinds = new ArrayList<>(KINDS);
            if (kit.transfers(alg)) {
                kinds.addAll(List.of("transfer", "readSignature"));
            }
            for (String kind : kinds) {
                require(kit.vectors(kind).stream().anyMatch(vector -> vector.alg() == alg), "there is no vector of the kind %s", kind);
            }
            for (boolean extended : kit.extended(alg) ? new boolean[] {false, true} : new boolean[] {false}) {
                require(kit.vectors("session").stream().anyMatch(vector -> vector.alg() == alg && vector.extended() == extended),
                        "there is no vector of a session in %s mode", extended ? "extended" : "regular");
            }
        });
        for (Vector vector : kit.vectors) {
            require(Arrays.stream(kit.algs).anyMatch(alg -> alg == vector.alg()), "%s is for a code that %s does not name", vector,
                    "hsm.alg");
        }
    }

    private void run(Vector vector) throws Exception {
        switch (vector.kind()) {
            case "diversify" -> diversify(vector);
            case "session" -> session(vector);
            case "pin" -> pin(vector);
            case "cardKey" -> cardKey(vector);
            case "storedValue" -> storedValue(vector);
            case "signature" -> signature(vector);
            case "transfer" -> transfer(vector);
            case "readSignature" -> answer("signRead", vector, "signature",
                    key(vector, "authenticationKey", "samSerialNumber").signRead(vector.bytes("challenge"),
                    vector.bytes("signedPart")));
            default -> throw new Rule.Violation("the kind is unknown; known are " + KINDS + ", transfer and readSignature");
        }
    }

    /** Says which answer is wrong, and shows neither: a cryptogram could hold a key. */
    private static void answer(String what, Vector vector, String field, byte[] actual) {
        require(Arrays.equals(vector.bytes(field), actual), "%s gives another answer than the field %s", what, field);
    }

    private DiversifiedKey key(Vector vector, String key, String diversifier) {
        return kit.plugin.diversify(vector.alg(), vector.key(key), vector.bytes(diversifier));
    }

    private void diversify(Vector vector) {
        require(key(vector, "key", "diversifier").revealKey().equals(vector.key("diversifiedKey")),
                "diversify gives another key than the field diversifiedKey");
    }

    private void session(Vector vector) {
        SessionDigest session = key(vector, "key", "diversifier").openSession(vector.bytes("samChallenge"), vector.extended());
        update(session, vector.bytes("digestInit"));
        for (byte[] element : vector.list("digestUpdates")) {
            update(session, element);
        }
        if (vector.extended()) {
            answer("midSessionTerminalCertificate", vector, "midTerminalMac", session.midSessionTerminalCertificate());
            byte[] card = vector.bytes("midCardMac");
            require(session.verifyMidSessionCardCertificate(card, 0, card.length), "midCardMac is not taken for right");
            card[7] ^= 1;
            require(!session.verifyMidSessionCardCertificate(card, 0, card.length), "a changed midCardMac is taken for right");
            answer("cipher", vector, "cipheredCommand", cipher(session, vector.bytes("plainCommand")));
            answer("cipher", vector, "plainResponse", cipher(session, vector.bytes("cipheredResponse")));
        }
        answer("terminalCertificate", vector, "terminalCertificate", session.terminalCertificate());
        byte[] card = Kit.join(new byte[3], vector.bytes("cardCertificate"), new byte[2]);
        int length = card.length - 5;
        require(session.verifyCardCertificate(card, 3, length), "cardCertificate is not taken for right");
        require(session.verifyCardCertificate(card, 3, length), "cardCertificate is right only once");
        for (int bit = 0; bit < 8 * length; bit++) {
            card[3 + bit / 8] ^= (byte) (1 << bit % 8);
            require(!session.verifyCardCertificate(card, 3, length), "a changed cardCertificate is taken for right");
            card[3 + bit / 8] ^= (byte) (1 << bit % 8);
        }
        session.destroy();
    }

    /** Gives the element from the middle of a larger array, as it lies in a command. */
    private static void update(SessionDigest session, byte[] element) {
        session.update(Kit.join(new byte[5], element, new byte[2]), 5, element.length);
    }

    private static byte[] cipher(SessionDigest session, byte[] exchange) {
        return session.cipher(Kit.join(new byte[5], exchange, new byte[2]), 5, exchange.length);
    }

    private void pin(Vector vector) {
        DiversifiedKey key = key(vector, "key", "diversifier");
        byte[] challenge = vector.bytes("cardChallenge");
        answer("cipherPin", vector, "verifyCryptogram", key.cipherPin(challenge, vector.bytes("pin")));
        answer("cipherNewPin", vector, "changeCryptogram", key.cipherNewPin(challenge, vector.bytes("pin"), vector.bytes("newPin")));
    }

    private void cardKey(Vector vector) {
        answer("cipherCardKey", vector, "cryptogram", key(vector, "issuerKey", "diversifier")
                .cipherCardKey(vector.bytes("cardChallenge"),
                key(vector, "sourceKey", "diversifier"), vector.number("sourceKif"), vector.number("sourceKvc")));
    }

    private void storedValue(Vector vector) {
        DiversifiedKey key = key(vector, "key", "diversifier");
        byte[] operation = vector.bytes("svPrepareData");
        byte[] challenge = vector.bytes("samChallenge");
        byte[] number = vector.bytes("samTransactionNumber");
        byte[] serial = vector.bytes("samSerialNumber");
        byte[] terminal = key.storedValueTerminalMac(operation, challenge, number, serial);
        answer("storedValueTerminalMac", vector, "terminalSvMac", terminal);
        answer("storedValueCardMac", vector, "cardSvMac", key.storedValueCardMac(operation, challenge, number, serial, terminal));
    }

    private void signature(Vector vector) {
        byte[] signature = vector.bytes("signature");
        answer("sign", vector, "signature", key(vector, "key", "diversifier").sign(vector.bytes("data"), signature.length));
    }

    private void transfer(Vector vector) throws TransferException {
        DiversifiedKey key = key(vector, "systemKey", "targetSerialNumber");
        byte[] challenge = vector.bytes("targetChallenge");
        byte[] block = vector.bytes("cryptogram");
        answer("sealTransfer", vector, "cryptogram", key.sealTransfer(challenge, vector.bytes("record"), vector.number("p2")));
        TransferredRecord opened = key.openTransfer(challenge, block);
        answer("openTransfer", vector, "record", opened.record());
        require(opened.p2() == vector.number("p2"), "openTransfer gives another reference");
        challenge[0] ^= 1;
        refused("openTransfer with another challenge", () -> key.openTransfer(challenge, block), TransferException.class);
    }
}
