package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.testing.ProfileVector;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The session and read signature vectors, run through APDUs. */
class SessionVectorTest {

    private static final int KIF = 0x2A;
    private static final int KVC = 0x7B;
    private static final int RECORD = 0x7E;
    private static final int SERIAL = 0x01020304;

    private static Stream<ProfileVector> vectors(String kind) {
        return ProfileVectors.all().stream().filter(vector -> vector.kind().equals(kind));
    }

    private static List<byte[]> elements(ProfileVector vector) {
        return Arrays.asList(vector.list("digestUpdates"));
    }

    static Stream<Arguments> sessions() {
        return Stream.of(SamForm.values()).flatMap(form -> vectors("session")
                .filter(vector -> !vector.extended() || form.extendedMode())
                .map(vector -> Arguments.of(form, vector)));
    }

    static Stream<Arguments> groupedSessions() {
        return sessions().filter(arguments -> ((SamForm) arguments.get()[0]).digestUpdateMultiple())
                .filter(arguments -> ((ProfileVector) arguments.get()[1]).list("digestUpdates").length > 0);
    }

    static Stream<ProfileVector> readSignatures() {
        return vectors("readSignature");
    }

    private static Sam sam(SamForm form, ProfileVector vector) {
        TestGroup keys = TestGroup.empty().put(RECORD, KIF, KVC, vector.profile().alg(), vector.key("key"));
        return new Sam(form, SERIAL, keys, Sam.registry(ProfilePlugin.usual()), ChannelState.AFTER_RESET);
    }

    private static void open(Sam sam, ProfileVector vector, boolean byRecord) {
        byte[] init = vector.bytes("digestInit");
        byte[] challenge = vector.bytes("samChallenge");
        String mode = vector.extended() ? "02" : "00";
        assertThat(sam.send("14 00 00", vector.bytes("diversifier"))).isEqualTo("9000");
        assertThat(sam.nextChallenge(challenge).send("84 00 00" + Hex.text(challenge.length)))
                .isEqualTo(Hex.text(challenge) + "9000");
        String answer = byRecord ? sam.send("8A" + mode + Hex.text(RECORD), init)
                : sam.send("8A" + mode + "FF" + Hex.text(init.length + 2) + Hex.text(KIF) + Hex.text(KVC) + Hex.text(init));
        assertThat(answer).isEqualTo("9000");
    }

    private static void finish(Sam sam, ProfileVector vector) {
        if (vector.extended()) {
            assertThat(sam.send("88 80 00 08")).isEqualTo(Hex.text(vector.bytes("midTerminalMac")) + "9000");
            assertThat(sam.send("82 00 00", vector.bytes("midCardMac"))).isEqualTo("9000");
            assertThat(sam.send("8C 00 80", vector.bytes("plainCommand")))
                    .isEqualTo(Hex.text(vector.bytes("cipheredCommand")) + "9000");
            assertThat(sam.send("8C 00 80", vector.bytes("cipheredResponse")))
                    .isEqualTo(Hex.text(vector.bytes("plainResponse")) + "9000");
        }
        byte[] terminal = vector.bytes("terminalCertificate");
        assertThat(sam.send("8E 00 00" + Hex.text(terminal.length))).isEqualTo(Hex.text(terminal) + "9000");
        assertThat(sam.send("82 00 00", vector.bytes("cardCertificate"))).isEqualTo("9000");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("sessions")
    void sessionWithOneUpdateForEachElement(SamForm form, ProfileVector vector) {
        for (boolean byRecord : new boolean[] {false, true}) {
            Sam sam = sam(form, vector);
            open(sam, vector, byRecord);
            for (byte[] element : elements(vector)) {
                assertThat(sam.send("8C 00 00", element)).isEqualTo("9000");
            }
            finish(sam, vector);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("groupedSessions")
    void sessionWithGroupedUpdates(SamForm form, ProfileVector vector) {
        Sam sam = sam(form, vector);
        open(sam, vector, false);
        ByteArrayOutputStream group = new ByteArrayOutputStream();
        for (byte[] element : elements(vector)) {
            if (group.size() + 1 + element.length > form.maxDigestData()) {
                assertThat(sam.send("8C 80 00", group.toByteArray())).isEqualTo("9000");
                group.reset();
            }
            group.write(element.length);
            group.writeBytes(element);
        }
        assertThat(sam.send("8C 80 00", group.toByteArray())).isEqualTo("9000");
        finish(sam, vector);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readSignatures")
    void parametersWithTheirSignature(ProfileVector vector) {
        byte[] signedPart = vector.bytes("signedPart");
        // The vectors name ALG 40 for each profile, so the plugin of this test serves 40 with the profile of the vector.
        PluginRegistry plugins = Sam.registry(new ProfilePlugin(Map.of(0x40, vector.profile())));
        TestGroup keys = TestGroup.empty().put(0xC4, 0xFA, 0xFF, 0x40, vector.key("authenticationKey"))
                .parameters(Arrays.copyOf(signedPart, 29));
        int serial = new BigInteger(vector.bytes("samSerialNumber")).intValue();
        Sam sam = new Sam(SamForm.HSM_C1, serial, keys, plugins, ChannelState.AFTER_RESET);

        assertThat(sam.send("86 00 00", vector.bytes("challenge"))).isEqualTo("9000");
        assertThat(sam.send("BE 00 A0 00")).isEqualTo(Hex.text(vector.bytes("signature")) + Hex.text(signedPart) + "9000");
    }

    @Test
    void noVectorIsLeftOut() {
        assertThat(vectors("session")).hasSize(20);
        assertThat(vectors("session").filter(ProfileVector::extended)).hasSize(4);
        assertThat(sessions()).hasSize(16 * 3 + 4);
        assertThat(readSignatures()).hasSize(12);
    }
}
