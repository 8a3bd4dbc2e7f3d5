package org.calypsohsm.product.tango;

import java.io.InputStream;
import java.util.Map;

import org.calypsohsm.product.tck.ProductTck;
import org.calypsohsm.profile.testing.ProfileVectors;

class TangoTckIT extends ProductTck {

    @Override
    protected InputStream vectors() {
        return ProfileVectors.open();
    }

    @Override
    protected Map<String, Integer> profiles() {
        return Map.of("TDES_CBC", 0x40, "AES_CMAC", 0x50);
    }
}
