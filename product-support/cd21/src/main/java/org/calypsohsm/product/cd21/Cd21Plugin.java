package org.calypsohsm.product.cd21;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * The security functions of CD21 cards under ALG 30, with the reference profile TDES_RETAIL, which does not authenticate cards
 * in the field.
 * Source: calypso-card.md section f.
 */
@Component(service = SecurityPlugin.class, immediate = true)
@PluginProperties(product = "CD21", alg = 0x30,
        notice = "Reference profile TDES_RETAIL, which does not authenticate CD21 cards in the field.")
public final class Cd21Plugin extends ReferencePlugin {

    /**
     * Activates the plugin.
     *
     * @throws IllegalStateException if the power-up check fails; the service is not registered then
     */
    @Activate
    public Cd21Plugin() {
        super(ReferenceProfile.TDES_RETAIL);
    }
}
