package org.calypsohsm.profile.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

/** Runs vectors against a security plugin, through the service interface only. */
public final class VectorRunner {

    private final SecurityPlugin plugin;

    /**
     * Makes a runner.
     *
     * @param plugin what to test
     */
    public VectorRunner(SecurityPlugin plugin) {
        this.plugin = plugin;
    }

    /**
     * Runs a vector, under the ALG code of its profile.
     *
     * @param vector which one
     * @throws AssertionError if an answer is wrong, or the kind of the vector unknown
     */
    public void run(ProfileVector vector) {
        switch (vector.kind()) {
            case "diversify" -> diversify(vector);
            case "session" -> session(vector);
            case "pin" -> pin(vector);
            case "cardKey" -> cardKey(vector);
            case "storedValue" -> storedValue(vector);
            case "signature" -> signature(vector);
            case "transfer" -> transfer(vector);
            case "readSignature" -> readSignature(vector);
            default -> throw new AssertionError("Unknown kind of vector: " + vector);
        }
    }

    private DiversifiedKey key(ProfileVector vector, String key, String diversifier) {
        return plugin.diversify(vector.profile().alg(), vector.key(key), vector.bytes(diversifier));
    }

    private void diversify(ProfileVector vector) {
        DiversifiedKey diversified = key(vector, "key", "diversifier");
        DiversifiedKey expected = plugin.undiversified(vector.profile().alg(), vector.key("diversifiedKey"));
        // The interface does not show the key, so compare what it does: a PIN cryptogram is one block of the cipher.
        byte[] challenge = vector.bytes("diversifiedKey");
        for (int from = 0; from < 8; from++) {
            byte[] challenge8 = Arrays.copyOfRange(challenge, from, from + 8);
            byte[] pin = Arrays.copyOfRange(challenge, from + 4, from + 8);
            assertThat(diversified.cipherPin(challenge8, pin)).isEqualTo(expected.cipherPin(challenge8, pin));
        }
        assertThat(diversified.sign(challenge, 8)).isEqualTo(expected.sign(challenge, 8));
    }

    private void session(ProfileVector vector) {
        SessionDigest session = key(vector, "key", "diversifier")
                .openSession(vector.bytes("samChallenge"), vector.extended());
        update(session, vector.bytes("digestInit"));
        for (byte[] update : vector.list("digestUpdates")) {
            update(session, update);
        }
        if (vector.extended()) {
            assertThat(session.midSessionTerminalCertificate()).isEqualTo(vector.bytes("midTerminalMac"));
            byte[] cardMac = vector.bytes("midCardMac");
            assertThat(session.verifyMidSessionCardCertificate(cardMac, 0, cardMac.length)).isTrue();
            cardMac[7] ^= 1;
            assertThat(session.verifyMidSessionCardCertificate(cardMac, 0, cardMac.length)).isFalse();
            assertThat(cipher(session, vector.bytes("plainCommand"))).isEqualTo(vector.bytes("cipheredCommand"));
            assertThat(cipher(session, vector.bytes("cipheredResponse"))).isEqualTo(vector.bytes("plainResponse"));
        }
        assertThat(session.terminalCertificate()).isEqualTo(vector.bytes("terminalCertificate"));
        byte[] card = vector.bytes("cardCertificate");
        assertThat(session.verifyCardCertificate(card, 0, card.length)).isTrue();
        card[0] ^= 1;
        assertThat(session.verifyCardCertificate(card, 0, card.length)).isFalse();
        session.destroy();
        assertThatIllegalStateException().isThrownBy(() -> update(session, vector.bytes("digestInit")));
    }

    /** Gives the element from the middle of a larger array, as it lies in a command. */
    private static void update(SessionDigest session, byte[] element) {
        byte[] command = new byte[element.length + 7];
        System.arraycopy(element, 0, command, 5, element.length);
        session.update(command, 5, element.length);
    }

    private static byte[] cipher(SessionDigest session, byte[] exchange) {
        byte[] command = new byte[exchange.length + 7];
        System.arraycopy(exchange, 0, command, 5, exchange.length);
        return session.cipher(command, 5, exchange.length);
    }

    private void pin(ProfileVector vector) {
        DiversifiedKey key = key(vector, "key", "diversifier");
        byte[] challenge = vector.bytes("cardChallenge");
        byte[] pin = vector.bytes("pin");
        assertThatIllegalArgumentException().isThrownBy(() -> key.cipherPin(pin, pin));
        assertThat(key.cipherPin(challenge, pin)).isEqualTo(vector.bytes("verifyCryptogram"));
        assertThat(key.cipherNewPin(challenge, pin, vector.bytes("newPin"))).isEqualTo(vector.bytes("changeCryptogram"));
    }

    private void cardKey(ProfileVector vector) {
        DiversifiedKey issuer = key(vector, "issuerKey", "diversifier");
        DiversifiedKey source = key(vector, "sourceKey", "diversifier");
        byte[] cryptogram = issuer.cipherCardKey(vector.bytes("cardChallenge"), source, vector.number("sourceKif"),
                vector.number("sourceKvc"));
        assertThat(cryptogram).isEqualTo(vector.bytes("cryptogram"));
        source.destroy();
        assertThatIllegalStateException().isThrownBy(() -> issuer.cipherCardKey(vector.bytes("cardChallenge"), source, 0, 0));
    }

    private void storedValue(ProfileVector vector) {
        DiversifiedKey key = key(vector, "key", "diversifier");
        byte[] operation = vector.bytes("svPrepareData");
        byte[] challenge = vector.bytes("samChallenge");
        byte[] number = vector.bytes("samTransactionNumber");
        byte[] serial = vector.bytes("samSerialNumber");
        byte[] terminalMac = key.storedValueTerminalMac(operation, challenge, number, serial);
        assertThat(terminalMac).isEqualTo(vector.bytes("terminalSvMac"));
        assertThat(key.storedValueCardMac(operation, challenge, number, serial, terminalMac))
                .isEqualTo(vector.bytes("cardSvMac"));
    }

    private void signature(ProfileVector vector) {
        DiversifiedKey key = key(vector, "key", "diversifier");
        byte[] expected = vector.bytes("signature");
        for (int length = 1; length <= expected.length; length++) {
            assertThat(key.sign(vector.bytes("data"), length)).isEqualTo(Arrays.copyOf(expected, length));
        }
    }

    private void transfer(ProfileVector vector) {
        DiversifiedKey key = key(vector, "systemKey", "targetSerialNumber");
        byte[] challenge = vector.bytes("targetChallenge");
        byte[] block = vector.bytes("cryptogram");
        assertThat(key.sealTransfer(challenge, vector.bytes("record"), vector.number("p2"))).isEqualTo(block);
        try {
            TransferredRecord opened = key.openTransfer(challenge, block);
            assertThat(opened.record()).isEqualTo(vector.bytes("record"));
            assertThat(opened.p2()).isEqualTo(vector.number("p2"));
        } catch (TransferException e) {
            throw new AssertionError("The block of " + vector + " does not open.", e);
        }
        challenge[0] ^= 1;
        assertThatThrownBy(() -> key.openTransfer(challenge, block)).isInstanceOf(TransferException.class)
                .extracting(e -> ((TransferException) e).reason()).isEqualTo(TransferException.Reason.BAD_SIGNATURE);
    }

    private void readSignature(ProfileVector vector) {
        DiversifiedKey key = key(vector, "authenticationKey", "samSerialNumber");
        assertThat(key.signRead(vector.bytes("challenge"), vector.bytes("signedPart"))).isEqualTo(vector.bytes("signature"));
    }
}
