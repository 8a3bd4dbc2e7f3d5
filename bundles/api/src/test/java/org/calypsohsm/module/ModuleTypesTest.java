package org.calypsohsm.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.Arrays;
import java.util.HexFormat;

import org.junit.jupiter.api.Test;

class ModuleTypesTest {

    @Test
    void aModuleHasAVersionOfOneByteAndAtLeastOneChannel() {
        assertThat(new ModuleInfo("main", "PCI-S3", -1, 0xFF, 1, true).channelsTotal()).isEqualTo(1);
        for (int version : new int[] {-1, 256}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new ModuleInfo("main", "PCI-S3", 0, version, 1, true))
                    .withMessage("The version of module main is one byte, not " + version + ".");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new ModuleInfo("main", "PCI-S3", 0, 0, 0, true))
                .withMessage("Module main has at least one channel, not 0.");
        assertThatNullPointerException().isThrownBy(() -> new ModuleInfo(null, "PCI-S3", 0, 0, 1, true)).withMessage("name");
    }

    @Test
    void onlyAnOperationalOrADrainingModuleServes() {
        assertThat(Arrays.stream(ModuleState.values()).filter(ModuleState::serves))
                .containsExactly(ModuleState.OPERATIONAL, ModuleState.DRAINING);
    }

    @Test
    void theStateOfAChannelShowsNoBytes() {
        assertThat(ChannelState.AFTER_RESET)
                .hasToString("ChannelState[diversifier none, outgoing challenge none, incoming challenge none]");
        assertThat(new ChannelState(new byte[8], new byte[8], new byte[8], true))
                .hasToString("ChannelState[diversifier selected, outgoing challenge unused, incoming challenge unused, unlocked]");
    }

    @Test
    void theAtrNamesFormVersionAndSerialNumber() {
        assertThat(HexFormat.of().withUpperCase().formatHex(SamForm.S1D.atr(0x01020304, 0x7A)))
                .isEqualTo("3B3F9600805A0080D0207A0001020304829000");
        assertThat(HexFormat.of().withUpperCase().formatHex(SamForm.S1E1.atr(0xF1F2F3F4, 0xFF)))
                .isEqualTo("3B3F9600805A0080E120FF00F1F2F3F4829000");
        assertThat(HexFormat.of().withUpperCase().formatHex(SamForm.HSM_C1.atr(0, 0)))
                .isEqualTo("3B3F9600805A0080C108000000000000829000");
    }

    @Test
    void eachFormTakesItsOwnClasses() {
        for (int cla = 0; cla <= 0xFF; cla++) {
            assertThat(SamForm.S1D.acceptsClass(cla)).isEqualTo(cla == 0x94);
            assertThat(SamForm.S1E1.acceptsClass(cla)).isEqualTo(cla == 0x80 || cla == 0x00);
            assertThat(SamForm.HSM_C1.acceptsClass(cla)).isEqualTo(cla == 0x80 || cla == 0x00);
        }
    }
}
