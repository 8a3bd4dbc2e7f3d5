package org.calypsohsm.sams20card;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.sam.SamEmulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamS20CardTest {

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private final SamS20Card card = card(SamForm.HSM_C1, 100);

    private static SamS20Card card(SamForm form, long lifetime) {
        return new SamS20Card(new TestKeyStore(Configured.with(TestKeyStore.Config.class, Map.of("groups", new int[] {0, 0x102}))),
                new SamEmulator(Configured.with(SamEmulator.Config.class, Map.of())), form, 0x53200001, 1, lifetime);
    }

    private String send(String command) {
        return send(card, command);
    }

    private static String send(SamS20Card to, String command) {
        return HEX.formatHex(to.transmit(HEX.parseHex(command)));
    }

    @Test
    void theStatusSaysHowItIs() {
        assertThat(send("80CA012000")).isEqualTo("01" + "00" + "14" + "53200001" + "00000000" + "00000064" + "02" + "0000" + "0102" + "9000");
        card.lock(true);
        assertThat(send("80CA012000")).startsWith("0101");
        card.fail(true);
        assertThat(send("80CA012000")).startsWith("0102");
    }

    @Test
    void aSamAnswersBehindItsChannelOnly() {
        assertThat(send("8084000008")).isEqualTo("6881");
        assertThat(send("80DA0121020000")).isEqualTo("9000");
        assertThat(send("8084000008")).hasSize(20).endsWith("9000");
        assertThat(send("8184000008")).isEqualTo("6881");
        assertThat(send("0070000001")).isEqualTo("019000");
        assertThat(send("8184000008")).isEqualTo("6881");
        assertThat(send("81DA0121020102")).isEqualTo("9000");
        assertThat(send("8184000008")).endsWith("9000");
        assertThat(send("81DA0122")).isEqualTo("9000");
        assertThat(send("8184000008")).isEqualTo("6881");
        assertThat(send("8084000008")).endsWith("9000");
    }

    @Test
    void allTwentyChannelsAreToldApart() {
        for (int channel = 1; channel < 20; channel++) {
            assertThat(send("0070000001")).isEqualTo(String.format("%02X9000", channel));
        }
        assertThat(send("0070000001")).isEqualTo("6A81");
        Set<String> diversified = new HashSet<>();
        for (int channel = 0; channel < 20; channel++) {
            String cla = String.format("%02X", channel < 4 ? 0x80 | channel : 0xC0 | channel - 4);
            assertThat(send(cla + "DA0121020000")).isEqualTo("9000");
            assertThat(send(cla + "84000008")).endsWith("9000");
            assertThat(diversified.add(cla)).isTrue();
        }
        assertThat(card.used()).isEqualTo(20);
        assertThat(send("00708007")).isEqualTo("9000");
        assertThat(send("C384000008")).isEqualTo("6881");
        assertThat(send("0070000001")).isEqualTo("079000");
        assertThat(send("00708000")).isEqualTo("6A86");
    }

    @Test
    void aSamOfFormS1DHasClass94() {
        SamS20Card old = card(SamForm.S1D, 100);
        send(old, "80DA0121020000");
        assertThat(send(old, "9484000008")).endsWith("9000");
        assertThat(send(old, "8084000008")).isEqualTo("6E00");
        for (int channel = 1; channel < 5; channel++) {
            send(old, "0070000001");
        }
        assertThat(send(old, "C0DA0121020000")).isEqualTo("9000");
        assertThat(send(old, "F084000008")).endsWith("9000");
    }

    @Test
    void aSamGoesOnFromAState() {
        assertThat(send("80DA01211D0000" + "081112131415161718" + "082122232425262728" + "083132333435363738")).isEqualTo("9000");
        assertThat(send("80DA0121050000000000")).isEqualTo("9000");
        assertThat(send("80DA0121020009")).isEqualTo("6A88");
    }

    @ParameterizedTest
    @ValueSource(strings = {"80DA01210100", "80DA0121030000FF", "80DA01210500000300", "80DA01210600000000AA", "80DA0121070000040102030400"})
    void whatIsNoStateIsRefused(String command) {
        assertThat(send(command)).isIn("6A80", "6700");
    }

    @Test
    void aResetForgetsAllSams() {
        send("80DA0121020000");
        send("0070000001");
        card.reset();
        assertThat(send("8084000008")).isEqualTo("6881");
        assertThat(send("81DA0121020000")).isEqualTo("6881");
        assertThat(send("0070000001")).isEqualTo("019000");
    }

    @Test
    void itWearsOut() {
        SamS20Card worn = card(SamForm.HSM_C1, 2);
        send(worn, "80DA0121020000");
        send(worn, "8084000008");
        assertThat(send(worn, "8084000008")).endsWith("9000");
        assertThat(send(worn, "8084000008")).isEqualTo("6FFF");
        assertThat(send(worn, "80DA0121020000")).isEqualTo("6FFF");
        assertThat(send(worn, "80CA012000")).startsWith("0103");
        assertThat(worn.used()).isEqualTo(2);
    }

    @Test
    void aLockedCardForgetsItsSams() {
        send("80DA0121020000");
        card.lock(true);
        assertThat(send("80DA0121020000")).isEqualTo("6985");
        assertThat(send("8084000008")).isEqualTo("6881");
        card.lock(false);
        assertThat(send("8084000008")).isEqualTo("6881");
        assertThat(send("80DA0121020000")).isEqualTo("9000");
    }

    @Test
    void oddCommandsAreAnswered() {
        for (String command : new String[] {"", "8084", "80840000080000", "2084000008", "A084000008", "D084000008", "6084000008"}) {
            assertThat(send(command)).as(command).isIn("6700", "6E00");
        }
    }
}
