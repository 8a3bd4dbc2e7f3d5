package org.calypsohsm.profile;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;

/**
 * A security plugin made of reference profiles. A product's plugin extends it and names its profiles; the component is
 * then the annotations and one constructor.
 */
public abstract class ReferencePlugin implements SecurityPlugin {

    private static final int ALG_CODES = 0x100;

    private final java.util.function.Function<ReferenceProfile, KnownAnswers> known;
    private final ReferenceProfile[] served = new ReferenceProfile[ALG_CODES];

    /**
     * Checks the profiles with known answers, which also loads every class that they need: what the plugin hands out then
     * goes on working after its bundle is gone.
     *
     * @param profiles what the product uses, each served under its own ALG code
     * @throws IllegalStateException if a profile does not give its known answers
     */
    protected ReferencePlugin(ReferenceProfile... profiles) {
        this(KnownAnswers::of, profiles);
    }

    /** @param known gives the known answers of a profile; it is asked for each check */
    ReferencePlugin(java.util.function.Function<ReferenceProfile, KnownAnswers> known, ReferenceProfile... profiles) {
        this.known = known;
        for (ReferenceProfile profile : profiles) {
            PowerUpCheck.run(profile, known.apply(profile));
            served[profile.alg()] = profile;
        }
    }

    @Override
    public final boolean supports(int alg, Function function) {
        ReferenceProfile profile = profile(alg);
        return function == Function.EXTENDED_SESSION && profile.hasExtendedMode()
                || function == Function.TRANSFER && profile.hasTransfer();
    }

    @Override
    public final DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
        return profile(alg).diversify(key, diversifier);
    }

    @Override
    public final DiversifiedKey undiversified(int alg, KeyValue key) {
        return profile(alg).undiversified(key);
    }

    /** Reads the known answers anew each time, so that one that changed in memory is noticed. */
    @Override
    public final void selfTest(int alg) {
        ReferenceProfile profile = profile(alg);
        PowerUpCheck.run(profile, known.apply(profile));
    }

    private ReferenceProfile profile(int alg) {
        ReferenceProfile profile = alg >= 0 && alg < ALG_CODES ? served[alg] : null;
        if (profile == null) {
            throw new IllegalArgumentException(String.format("This plugin does not serve ALG %02X.", alg));
        }
        return profile;
    }
}
