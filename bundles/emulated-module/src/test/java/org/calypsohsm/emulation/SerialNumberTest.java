package org.calypsohsm.emulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class SerialNumberTest {

    @Test
    void readsEightHexadecimalDigits() {
        assertThat(SerialNumber.parse("main", "C0FFEE01")).isEqualTo(0xC0FFEE01);
        assertThat(SerialNumber.parse("main", "00000000")).isZero();
    }

    @Test
    void saysWhichModuleHasAWrongNumber() {
        for (String wrong : new String[] {"", "1234567", "123456789", "C0FFEE0G", "-1234567", "+1234567", "１２３４５６７８", null}) {
            assertThatIllegalArgumentException().isThrownBy(() -> SerialNumber.parse("main", wrong))
                    .withMessageContaining("main").withMessageContaining("'" + wrong + "'");
        }
    }
}
