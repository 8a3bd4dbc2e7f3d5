package org.calypsohsm.product.tango;

import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * The security functions of Tango cards under ALG 40 and 50, with the reference profiles TDES_CBC and AES_CMAC, which do not
 * authenticate cards in the field. AES (ALG 50) is this project's own extension: no known Tango product has it.
 * Source: calypso-card.md section f.
 */
@Component(service = SecurityPlugin.class, immediate = true)
@PluginProperties(product = "Tango", alg = {0x40, 0x50},
        notice = "Reference profiles TDES_CBC and AES_CMAC, which do not authenticate Tango cards in the field; AES is "
                + "this project's own extension, since no known Tango product has it.")
public final class TangoPlugin extends ReferencePlugin {

    /**
     * Activates the plugin.
     *
     * @throws IllegalStateException if the power-up check fails; the service is not registered then
     */
    @Activate
    public TangoPlugin() {
        super(ReferenceProfile.TDES_CBC, ReferenceProfile.AES_CMAC);
    }
}
