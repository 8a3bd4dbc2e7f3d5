package org.calypsohsm.product.cd21;

import java.io.InputStream;
import java.util.Map;

import org.calypsohsm.product.tck.ProductTck;
import org.calypsohsm.profile.testing.ProfileVectors;

class Cd21TckIT extends ProductTck {

    @Override
    protected InputStream vectors() {
        return ProfileVectors.open();
    }

    @Override
    protected Map<String, Integer> profiles() {
        return Map.of("TDES_RETAIL", 0x30);
    }
}
