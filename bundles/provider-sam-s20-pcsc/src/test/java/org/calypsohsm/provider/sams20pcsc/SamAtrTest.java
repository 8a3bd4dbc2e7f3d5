package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import org.calypsohsm.module.SamForm;
import org.junit.jupiter.api.Test;

class SamAtrTest {

    @Test
    void theAtrOfEachFormIsRead() {
        for (SamForm form : SamForm.values()) {
            assertThat(SamAtr.of(form.atr(0x89ABCDEF, 200))).isEqualTo(new SamAtr(form.subtype(), 200, 0x89ABCDEF));
        }
        assertThat(SamAtr.of(SamForm.S1D.atr(1, 1)).samClass()).isEqualTo(0x94);
        assertThat(SamAtr.of(SamForm.S1E1.atr(1, 1)).samClass()).isEqualTo(0x80);
        assertThat(SamAtr.of(SamForm.HSM_C1.atr(1, 1)).samClass()).isEqualTo(0x80);
    }

    @Test
    void otherCardsAreNoSam() {
        byte[] atr = SamForm.S1E1.atr(1, 1);
        assertThat(SamAtr.of(Arrays.copyOf(atr, 18))).isNull();
        for (int at : new int[] {0, 4, 5, 7}) {
            byte[] other = atr.clone();
            other[at]++;
            assertThat(SamAtr.of(other)).as("byte %d", at).isNull();
        }
    }
}
