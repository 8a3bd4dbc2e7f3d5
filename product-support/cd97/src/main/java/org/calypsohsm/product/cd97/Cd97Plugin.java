package org.calypsohsm.product.cd97;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * The security functions of CD97 cards under ALG 20, with the reference profile DESX_CBC, which does not authenticate cards in
 * the field.
 * Source: calypso-card.md section f.
 */
@Component(service = SecurityPlugin.class, immediate = true)
@PluginProperties(product = "CD97", alg = 0x20,
        notice = "Reference profile DESX_CBC, which does not authenticate CD97 cards in the field.")
public final class Cd97Plugin extends ReferencePlugin {

    /**
     * Activates the plugin.
     *
     * @throws IllegalStateException if the power-up check fails; the service is not registered then
     */
    @Activate
    public Cd97Plugin() {
        super(ReferenceProfile.DESX_CBC);
    }
}
