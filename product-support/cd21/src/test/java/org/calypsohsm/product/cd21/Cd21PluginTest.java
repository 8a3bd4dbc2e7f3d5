package org.calypsohsm.product.cd21;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.junit.jupiter.api.Test;

/** What is the product's own; all else is in {@link Cd21TckIT}. */
class Cd21PluginTest {

    @Test
    void hasTheFunctionsOfItsProfiles() {
        Cd21Plugin plugin = new Cd21Plugin();
        assertThat(plugin.supports(0x30, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x30, Function.TRANSFER)).isTrue();
    }

    @Test
    void saysThatItIsNotForTheField() {
        PluginProperties properties = Cd21Plugin.class.getAnnotation(PluginProperties.class);
        assertThat(properties.product()).isEqualTo("CD21");
        assertThat(properties.notice()).contains("not authenticate CD21 cards in the field");
    }
}
