package org.calypsohsm.product.cd97;

import java.io.InputStream;
import java.util.Map;

import org.calypsohsm.product.tck.ProductTck;
import org.calypsohsm.profile.testing.ProfileVectors;

class Cd97TckIT extends ProductTck {

    @Override
    protected InputStream vectors() {
        return ProfileVectors.open();
    }

    @Override
    protected Map<String, Integer> profiles() {
        return Map.of("DESX_CBC", 0x20);
    }
}
