package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.testing.ProfileVector;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much memory a virtual SAM takes, and that no text shows a key. */
class SamMemoryTest {

    private static final int MANY = 20_000;

    /** The virtual SAM with its session, without what all SAMs share. */
    private static long size(VirtualSam sam, TestGroup keys, SamServices shared) {
        return ObjectGraph.of(sam, keys, shared, shared.plugins(), shared.busyKeys(), shared.random()).size();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x30, 0x40, 0x50})
    void aSessionDoesNotGrowWithItsLength(int alg) {
        TestGroup keys = TestGroup.full();
        SamServices shared = new SamServices(Sam.registry(ProfilePlugin.usual()), new BusyKeys(System::nanoTime), byte[]::new);
        VirtualSam sam = new VirtualSam(SamForm.HSM_C1, 1, 1, keys, shared, ChannelState.AFTER_RESET);
        boolean extended = alg == 0x50;
        exchange(sam, "8014000008" + Sam.DIVERSIFIER);
        exchange(sam, "8084000008");
        exchange(sam, "808A" + (extended ? "02" : "00") + "FF0E30" + Hex.text(alg + 9) + Sam.OPEN);

        updates(sam, 1, extended);
        long afterFew = size(sam, keys, shared);
        updates(sam, MANY, extended);
        assertThat(size(sam, keys, shared)).isEqualTo(afterFew).isLessThan(4096);
    }

    private static void updates(VirtualSam sam, int count, boolean extended) {
        for (int i = 0; i < count; i++) {
            int length = 1 + i % 255;
            exchange(sam, "808C0000" + Hex.text(length) + "5A".repeat(length));
            exchange(sam, "808C80000A0500B2014400035A9000");
            if (extended) {
                exchange(sam, "808C00800800DC010C03010203");
                exchange(sam, "808C0080059A9B9C9000");
            }
        }
    }

    private static void exchange(VirtualSam sam, String apdu) {
        assertThat(Hex.text(sam.exchange(Hex.bytes(apdu)))).endsWith("9000");
    }

    @Test
    void anIdleChannelTakesLessThanOneKibibyte() {
        TestGroup keys = TestGroup.full();
        SamServices shared = new SamServices(Sam.registry(ProfilePlugin.usual()), new BusyKeys(System::nanoTime), byte[]::new);
        VirtualSam sam = new VirtualSam(SamForm.HSM_C1, 1, 1, keys, shared, ChannelState.AFTER_RESET);
        exchange(sam, "8014000008" + Sam.DIVERSIFIER);
        exchange(sam, "8084000008");
        exchange(sam, "80860000080102030405060708");
        long idle = size(sam, keys, shared);
        assertThat(idle).isBetween(100L, 1024L);

        exchange(sam, "808A00FF0E3049" + Sam.OPEN);
        assertThat(size(sam, keys, shared)).as("a session is seen").isGreaterThan(idle);
        sam.close();
        assertThat(size(sam, keys, shared)).as("nothing stays of a session").isLessThanOrEqualTo(idle);
    }

    @Test
    void theEstimateSeesWhatGrows() {
        assertThat(ObjectGraph.of(new Object[] {new byte[1000]}).size()).isGreaterThan(1000);
        assertThat(ObjectGraph.of(new Holder(new byte[2000])).size()).isBetween(2000L, 2100L);
        assertThatThrownBy(() -> ObjectGraph.of(new Holder(new ByteArrayOutputStream())).size())
                .hasMessageContaining("ByteArrayOutputStream");
    }

    private record Holder(Object held) {
    }

    @Test
    void noTextShowsAKey() {
        AtomicInteger checked = new AtomicInteger();
        List<ProfileVector> vectors = ProfileVectors.all();
        for (ProfileVector vector : vectors.stream().filter(each -> each.kind().equals("diversify")).toList()) {
            Map<String, byte[]> secrets = new LinkedHashMap<>();
            secrets.put("key", vector.bytes("key"));
            secrets.put("diversified key", vector.bytes("diversifiedKey"));
            TestGroup keys = TestGroup.empty().put(0x11, 0x30, vector.profile().alg() + 9, vector.profile().alg(),
                    vector.key("key"));
            Sam sam = Sam.of(SamForm.HSM_C1, keys);
            assertThat(sam.send("14 00 00", vector.bytes("diversifier"))).isEqualTo("9000");
            sam.okData("84 00 00 08", 8).ok("8A 00 11 0C" + Sam.OPEN);

            ObjectGraph graph = ObjectGraph.of(new Object[] {sam.sam, sam.keys, sam.plugins});
            assertThat(graph.objects).hasAtLeastOneElementOfType(SecureSession.class)
                    .hasAtLeastOneElementOfType(SamKey.class).hasAtLeastOneElementOfType(KeyValue.class)
                    .hasAtLeastOneElementOfType(PluginRegistry.class).hasAtLeastOneElementOfType(VirtualSam.class);
            for (Object object : graph.objects) {
                // In upper case: Object.toString is lower case, and so may a careless one be.
                String text = String.valueOf(object).toUpperCase(Locale.ROOT);
                secrets.forEach((name, secret) -> assertThat(text).as("%s in the text of a %s", name, object.getClass())
                        .doesNotContain(Hex.text(secret).substring(0, 16))
                        .doesNotContain(HexFormat.ofDelimiter(" ").withUpperCase().formatHex(secret).substring(0, 23))
                        .doesNotContain(Arrays.toString(secret).substring(1, 20)));
                checked.incrementAndGet();
            }
        }
        assertThat(checked).hasValueGreaterThan(16 * 20);
        CommandApdu apdu = CommandApdu.of(Hex.bytes("801A80F010000102030405060708090A0B0C0D0E0F"));
        assertThat(apdu.toString()).doesNotContain("000102");
    }
}
