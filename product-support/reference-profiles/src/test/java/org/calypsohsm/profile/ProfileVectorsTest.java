package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.calypsohsm.profile.testing.ProfileVector;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.calypsohsm.profile.testing.VectorRunner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProfileVectorsTest {

    private final VectorRunner runner = new VectorRunner(new AllProfiles());

    /** What an OEM's plugin looks like, without the component. */
    private static final class AllProfiles extends ReferencePlugin {
        AllProfiles() {
            super(ReferenceProfile.values());
        }
    }

    static List<ProfileVector> vectors() {
        return ProfileVectors.all();
    }

    @Test
    void everyVectorIsHere() {
        assertThat(vectors()).hasSize(ProfileVectors.COUNT);
        Map<String, Long> kinds = vectors().stream().collect(Collectors.groupingBy(ProfileVector::kind, Collectors.counting()));
        assertThat(new TreeMap<>(kinds)).hasToString("{cardKey=16, diversify=16, pin=16, readSignature=12, "
                + "session=20, signature=16, storedValue=16, transfer=12}");
    }

    @Test
    void anUnknownKindFails() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("kind", "new").put("profile", "AES_CMAC");
        ProfileVector unknown = new ProfileVector(1, json);
        assertThatThrownBy(() -> runner.run(unknown)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> cardSide(unknown)).isInstanceOf(AssertionError.class);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void theSamSideGivesTheAnswer(ProfileVector vector) {
        runner.run(vector);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void theCardSideGivesTheAnswer(ProfileVector vector) {
        cardSide(vector);
    }

    private static void cardSide(ProfileVector vector) {
        switch (vector.kind()) {
            case "diversify" -> diversify(vector);
            case "session" -> session(vector);
            case "pin" -> pin(vector);
            case "cardKey" -> cardKey(vector);
            case "storedValue", "signature", "transfer", "readSignature" -> {
                // Both sides compute the same; there is no function of the card alone.
            }
            default -> throw new AssertionError("Unknown kind of vector: " + vector);
        }
    }

    private static ReferenceKey key(ProfileVector vector, String field) {
        return vector.profile().diversify(vector.key(field), vector.bytes("diversifier"));
    }

    private static void diversify(ProfileVector vector) {
        assertThat(((ProfileKey) key(vector, "key")).key()).isEqualTo(vector.bytes("diversifiedKey"));
    }

    private static void session(ProfileVector vector) {
        ReferenceSession session = key(vector, "key").openSession(vector.bytes("samChallenge"), vector.extended());
        byte[] init = vector.bytes("digestInit");
        session.update(init, 0, init.length);
        for (byte[] update : vector.list("digestUpdates")) {
            session.update(update, 0, update.length);
        }
        if (vector.extended()) {
            byte[] terminalMac = vector.bytes("midTerminalMac");
            assertThat(session.verifyMidSessionTerminalCertificate(terminalMac)).isTrue();
            terminalMac[0] ^= 1;
            assertThat(session.verifyMidSessionTerminalCertificate(terminalMac)).isFalse();
            assertThat(session.midSessionCardCertificate()).isEqualTo(vector.bytes("midCardMac"));
            byte[] command = vector.bytes("cipheredCommand");
            assertThat(session.cipherAsCard(command, 0, command.length)).isEqualTo(vector.bytes("plainCommand"));
            byte[] response = vector.bytes("plainResponse");
            assertThat(session.cipherAsCard(response, 0, response.length)).isEqualTo(vector.bytes("cipheredResponse"));
        }
        assertThat(session.terminalCertificate()).isEqualTo(vector.bytes("terminalCertificate"));
        assertThat(session.cardCertificate()).isEqualTo(vector.bytes("cardCertificate"));
    }

    private static void pin(ProfileVector vector) {
        ReferenceKey key = key(vector, "key");
        byte[] challenge = vector.bytes("cardChallenge");
        assertThat(key.decipherPin(challenge, vector.bytes("verifyCryptogram"))).isEqualTo(vector.bytes("pin"));
        assertThat(key.decipherNewPin(challenge, vector.bytes("changeCryptogram")))
                .startsWith(vector.bytes("newPin")).endsWith(vector.bytes("pin")).hasSize(8);
    }

    private static void cardKey(ProfileVector vector) {
        byte[] loaded = key(vector, "issuerKey").decipherCardKey(vector.bytes("cardChallenge"), vector.bytes("cryptogram"),
                vector.number("sourceKif"), vector.number("sourceKvc"));
        assertThat(loaded).isEqualTo(((ProfileKey) key(vector, "sourceKey")).key());
    }
}
