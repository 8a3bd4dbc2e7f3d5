package org.calypsohsm.product.cd97;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.testing.ReferencePluginContract;
import org.junit.jupiter.api.Test;

class Cd97PluginTest extends ReferencePluginContract {

    Cd97PluginTest() {
        super(Cd97Plugin.class, "CD97", 24, ReferenceProfile.DESX_CBC);
    }

    @Test
    void hasNeitherExtendedSessionsNorTransfer() {
        assertThat(plugin.supports(0x20, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x20, Function.TRANSFER)).isFalse();
    }
}
