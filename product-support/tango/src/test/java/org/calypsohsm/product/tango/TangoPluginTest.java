package org.calypsohsm.product.tango;

import static org.assertj.core.api.Assertions.assertThat;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.junit.jupiter.api.Test;

/** What is the product's own; all else is in {@link TangoTckIT}. */
class TangoPluginTest {

    @Test
    void hasTheFunctionsOfItsProfiles() {
        TangoPlugin plugin = new TangoPlugin();
        assertThat(plugin.supports(0x40, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x40, Function.TRANSFER)).isTrue();
        assertThat(plugin.supports(0x50, Function.EXTENDED_SESSION)).isTrue();
        assertThat(plugin.supports(0x50, Function.TRANSFER)).isTrue();
    }

    @Test
    void saysThatItIsNotForTheField() {
        PluginProperties properties = TangoPlugin.class.getAnnotation(PluginProperties.class);
        assertThat(properties.product()).isEqualTo("Tango");
        assertThat(properties.notice()).contains("not authenticate Tango cards in the field");
    }
}
