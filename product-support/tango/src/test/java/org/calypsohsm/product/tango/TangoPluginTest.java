package org.calypsohsm.product.tango;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.testing.ReferencePluginContract;
import org.junit.jupiter.api.Test;

class TangoPluginTest extends ReferencePluginContract {

    TangoPluginTest() {
        super(TangoPlugin.class, "Tango", 68, ReferenceProfile.TDES_CBC, ReferenceProfile.AES_CMAC);
    }

    @Test
    void onlyAesHasExtendedSessions() {
        assertThat(plugin.supports(0x40, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x50, Function.EXTENDED_SESSION)).isTrue();
        assertThat(plugin.supports(0x40, Function.TRANSFER)).isTrue();
        assertThat(plugin.supports(0x50, Function.TRANSFER)).isTrue();
    }

    @Test
    void keysOfTheTwoAlgorithmsAreNotMixed() {
        KeyValue value = KeyValue.copyOf(new byte[16]);
        DiversifiedKey tdes = plugin.undiversified(0x40, value);
        DiversifiedKey aes = plugin.undiversified(0x50, value);
        assertThatIllegalArgumentException().isThrownBy(() -> tdes.cipherCardKey(new byte[8], aes, 0x21, 0x49));
        assertThatIllegalArgumentException().isThrownBy(() -> aes.cipherCardKey(new byte[8], tdes, 0x21, 0x59));
    }
}
