package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

import javax.smartcardio.CardException;

import org.calypsohsm.module.ModuleState;
import org.junit.jupiter.api.Test;

class CardStatusTest {

    private static final byte[] GOOD = HexFormat.of().parseHex("0100145320000100000050000000640200000101");

    private static CardStatus of(byte[] bytes) throws CardException {
        return CardStatus.of(ByteBuffer.wrap(bytes));
    }

    @Test
    void allPartsAreRead() throws Exception {
        CardStatus status = of(GOOD);
        assertThat(status.state()).isEqualTo(ModuleState.OPERATIONAL);
        assertThat(status.serialNumber()).isEqualTo(0x53200001);
        assertThat(status.used()).isEqualTo(80);
        assertThat(status.lifetime()).isEqualTo(100);
        assertThat(status.keyGroups()).containsExactlyInAnyOrder(0, 0x101);
        assertThat(status.warning()).isEqualTo(80);
    }

    @Test
    void warningsRiseWithUse() throws Exception {
        for (int[] each : new int[][] {{79, 0}, {80, 80}, {89, 80}, {90, 90}, {95, 95}, {100, 95}}) {
            byte[] bytes = GOOD.clone();
            bytes[10] = (byte) each[0];
            assertThat(of(bytes).warning()).isEqualTo(each[1]);
        }
    }

    @Test
    void whatIsNoStatusIsRefused() {
        for (int length = 0; length < GOOD.length; length++) {
            byte[] cut = Arrays.copyOf(GOOD, length);
            assertThatExceptionOfType(CardException.class).isThrownBy(() -> of(cut));
        }
        for (int at : new int[] {0, 1}) {
            byte[] wrong = GOOD.clone();
            wrong[at] = 9;
            assertThatExceptionOfType(CardException.class).isThrownBy(() -> of(wrong));
        }
    }
}
