package org.calypsohsm.product.cd97;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.junit.jupiter.api.Test;

/** What is the product's own; all else is in {@link Cd97TckIT}. */
class Cd97PluginTest {

    @Test
    void hasTheFunctionsOfItsProfiles() {
        Cd97Plugin plugin = new Cd97Plugin();
        assertThat(plugin.supports(0x20, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x20, Function.TRANSFER)).isFalse();
    }

    @Test
    void saysThatItIsNotForTheField() {
        PluginProperties properties = Cd97Plugin.class.getAnnotation(PluginProperties.class);
        assertThat(properties.product()).isEqualTo("CD97");
        assertThat(properties.notice()).contains("not authenticate CD97 cards in the field");
    }
}
