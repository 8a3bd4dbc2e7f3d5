package org.calypsohsm.sam;

import java.util.Map;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferenceProfile;

/** A security plugin that serves any ALG code with any reference profile. */
final class ProfilePlugin implements SecurityPlugin {

    static final int[] ALGS = {0x20, 0x30, 0x40, 0x50};

    private final Map<Integer, ReferenceProfile> profiles;

    ProfilePlugin(Map<Integer, ReferenceProfile> profiles) {
        this.profiles = profiles;
    }

    /** The four profiles under their own ALG codes. */
    static ProfilePlugin usual() {
        return new ProfilePlugin(Map.of(0x20, ReferenceProfile.DESX_CBC, 0x30, ReferenceProfile.TDES_RETAIL,
                0x40, ReferenceProfile.TDES_CBC, 0x50, ReferenceProfile.AES_CMAC));
    }

    @Override
    public boolean supports(int alg, Function function) {
        return function == Function.EXTENDED_SESSION ? profiles.get(alg).hasExtendedMode() : profiles.get(alg).hasTransfer();
    }

    @Override
    public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
        return profiles.get(alg).diversify(key, diversifier);
    }

    @Override
    public DiversifiedKey undiversified(int alg, KeyValue key) {
        return profiles.get(alg).undiversified(key);
    }
}
