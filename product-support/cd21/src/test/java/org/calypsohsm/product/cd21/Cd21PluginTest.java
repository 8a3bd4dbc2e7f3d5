package org.calypsohsm.product.cd21;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.testing.ReferencePluginContract;
import org.junit.jupiter.api.Test;

class Cd21PluginTest extends ReferencePluginContract {

    Cd21PluginTest() {
        super(Cd21Plugin.class, "CD21", 32, ReferenceProfile.TDES_RETAIL);
    }

    @Test
    void hasTransferButNoExtendedSessions() {
        assertThat(plugin.supports(0x30, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x30, Function.TRANSFER)).isTrue();
    }
}
