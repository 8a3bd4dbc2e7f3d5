package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.testing.ProfileVector;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vectors of PIN, card key, stored value, signature and transfer, run through APDUs. */
class FunctionVectorTest {

    private static final String KEY = "2A7B";
    private static final int RECORD = 0x7E;

    private static Stream<ProfileVector> vectors(String kind) {
        return ProfileVectors.all().stream().filter(vector -> vector.kind().equals(kind));
    }

    static Stream<ProfileVector> pins() {
        return vectors("pin");
    }

    static Stream<ProfileVector> cardKeys() {
        return vectors("cardKey");
    }

    static Stream<ProfileVector> storedValues() {
        return vectors("storedValue");
    }

    static Stream<ProfileVector> signatures() {
        return vectors("signature");
    }

    static Stream<ProfileVector> transfers() {
        return vectors("transfer");
    }

    private static TestGroup group(ProfileVector vector, String field) {
        return TestGroup.empty().put(RECORD, 0x2A, 0x7B, vector.profile().alg(), vector.key(field))
                .par(RECORD, 1, 0x01).par(RECORD, 5, 0x01);
    }

    private static Sam sam(TestGroup keys, byte[] diversifier) {
        Sam sam = Sam.of(SamForm.HSM_C1, keys);
        assertThat(sam.send("14 00 00", diversifier)).isEqualTo("9000");
        return sam;
    }

    private static String give(Sam sam, String header, String data) {
        return sam.answer(header + Hex.text(data.length() / 2) + data);
    }

    private static String hex(ProfileVector vector, String field) {
        return Hex.text(vector.bytes(field));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pins")
    void pin(ProfileVector vector) {
        Sam sam = sam(group(vector, "key"), vector.bytes("diversifier"));
        sam.ok("86 00 00 08" + hex(vector, "cardChallenge"));
        assertThat(give(sam, "12 80 FF", KEY + hex(vector, "pin"))).isEqualTo(hex(vector, "verifyCryptogram"));
        sam.ok("86 00 00 08" + hex(vector, "cardChallenge"));
        assertThat(give(sam, "12 40 FF", KEY + hex(vector, "pin") + hex(vector, "newPin")))
                .isEqualTo(hex(vector, "changeCryptogram"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cardKeys")
    void cardKey(ProfileVector vector) {
        TestGroup keys = group(vector, "issuerKey").put(0x7D, vector.number("sourceKif"), vector.number("sourceKvc"),
                vector.profile().alg(), vector.key("sourceKey"));
        Sam sam = sam(keys, vector.bytes("diversifier"));
        for (String format : new String[] {"90", "00"}) {
            sam.ok("86 00 00 08" + hex(vector, "cardChallenge"));
            assertThat(give(sam, "12 FF FF", KEY + hex(vector, "sourceKif") + hex(vector, "sourceKvc") + format))
                    .isEqualTo(hex(vector, "cryptogram"));
        }
    }

    /**
     * The data of these vectors is any data, and none that SV Prepare takes. So this plugin puts it in the place of the
     * command's, and all the rest must have come out of the command.
     */
    private static SecurityPlugin withOperation(ProfileVector vector, String sent) {
        ReferenceProfile profile = vector.profile();
        return new SecurityPlugin() {
            @Override
            public boolean supports(int alg, Function function) {
                return profile.hasExtendedMode();
            }

            @Override
            public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
                DiversifiedKey target = profile.diversify(key, diversifier);
                return (DiversifiedKey) Proxy.newProxyInstance(DiversifiedKey.class.getClassLoader(),
                        new Class<?>[] {DiversifiedKey.class}, (proxy, method, arguments) -> {
                            if (method.getName().startsWith("storedValue")) {
                                assertThat(Hex.text((byte[]) arguments[0])).isEqualTo(sent);
                                arguments[0] = vector.bytes("svPrepareData");
                            }
                            return method.invoke(target, arguments);
                        });
            }

            @Override
            public DiversifiedKey undiversified(int alg, KeyValue key) {
                throw new AssertionError("not used");
            }
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("storedValues")
    void storedValue(ProfileVector vector) {
        boolean extended = vector.profile().hasExtendedMode();
        byte[] challenge = vector.bytes("samChallenge");
        int number = new BigInteger(1, vector.bytes("samTransactionNumber")).intValue();
        int serial = new BigInteger(vector.bytes("samSerialNumber")).intValue();
        for (String operation : new String[] {"56B807", "54BA10", "5CBC10"}) {
            int[] codes = {Integer.parseInt(operation.substring(2, 4), 16), Integer.parseInt(operation.substring(4), 16)};
            TestGroup keys = TestGroup.empty().put(RECORD, codes[1], 0x7B, vector.profile().alg(), vector.key("key"))
                    .par(RECORD, 1, 0x01).transactionNumber(number - 1);
            String data = Blocks.storedValue(codes[0], extended, 0x7B);
            PluginRegistry plugins = Sam.registry(withOperation(vector, data));
            Sam sam = new Sam(SamForm.HSM_C1, serial, keys, plugins, ChannelState.AFTER_RESET).nextChallenge(challenge);
            assertThat(sam.send("14 00 00", vector.bytes("diversifier"))).isEqualTo("9000");
            assertThat(give(sam, operation.substring(0, 2) + "01 FF", data)).isEqualTo(
                    Hex.text(challenge) + hex(vector, "samTransactionNumber") + hex(vector, "terminalSvMac"));
            assertThat(sam.send("58 00 00", vector.bytes("cardSvMac"))).isEqualTo("9000");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("signatures")
    void signature(ProfileVector vector) {
        Sam sam = sam(group(vector, "key"), vector.bytes("diversifier"));
        String data = hex(vector, "data");
        String signature = hex(vector, "signature");
        for (int length = 1; length <= 8; length++) {
            String start = signature.substring(0, 2 * length);
            assertThat(give(sam, "2A 9E 9A", "FF" + KEY + "0" + length + data)).isEqualTo(start);
            assertThat(give(sam, "2A 00 A8", "FF" + KEY + "8" + length + data + start)).isEmpty();
        }
        assertThat(give(sam, "8F 00 00", KEY + data)).isEqualTo(signature);
        if (vector.profile() != ReferenceProfile.AES_CMAC) {
            assertThat(give(sam, "1C 40 00", KEY + data)).isEqualTo(signature);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transfers")
    void transfer(ProfileVector vector) {
        byte[] record = vector.bytes("record");
        int alg = vector.profile().alg();
        TestGroup keys = TestGroup.empty().put(0xC2, 0xFD, 0x05, alg, vector.key("systemKey")).par(0xC2, 1, 0x01)
                .put(0x01, record[0] & 0xFF, record[1] & 0xFF, record[2] & 0xFF,
                        KeyValue.copyOf(Arrays.copyOfRange(record, 13, 29)));
        Sam control = sam(keys, vector.bytes("targetSerialNumber"));
        control.ok("86 00 00 08" + hex(vector, "targetChallenge"));
        String block = hex(vector, "cryptogram");
        String kifKvc = hex(vector, "record").substring(0, 4);
        String parameters = hex(vector, "record").substring(6, 26);
        assertThat(give(control, "16 00" + hex(vector, "p2"), "05" + kifKvc + parameters)).isEqualTo(block);

        // The records are any bytes, no keys, so a target opens and counts them and then refuses their content.
        int serial = new BigInteger(vector.bytes("targetSerialNumber")).intValue();
        Sam target = new Sam(SamForm.HSM_C1, serial, keys.without(0x01), control.plugins, ChannelState.AFTER_RESET);
        keys.uses.clear();
        byte[] challenge = vector.bytes("targetChallenge");
        target.nextChallenge(challenge).okData("84 00 00 08", 8);
        assertThat(target.send("1A 00 F0", Hex.bytes(block))).isEqualTo("6A80");
        assertThat(keys.uses).as("the block was opened").containsEntry(0xC2, 1);
        challenge[7] ^= 1;
        target.nextChallenge(challenge).okData("84 00 00 08", 8);
        assertThat(target.send("1A 00 F0", Hex.bytes(block))).isEqualTo("6988");
        assertThat(keys.uses).containsEntry(0xC2, 1);
    }

    @Test
    void noVectorIsLeftOut() {
        assertThat(pins()).hasSize(16);
        assertThat(cardKeys()).hasSize(16);
        assertThat(storedValues()).hasSize(16);
        assertThat(signatures()).hasSize(16);
        assertThat(transfers()).hasSize(12);
        Set<String> here = Set.of("session", "readSignature", "pin", "cardKey", "storedValue", "signature", "transfer");
        assertThat(ProfileVectors.all()).filteredOn(vector -> !here.contains(vector.kind()))
                .as("diversification has no command of its own").allMatch(vector -> vector.kind().equals("diversify"));
    }
}
