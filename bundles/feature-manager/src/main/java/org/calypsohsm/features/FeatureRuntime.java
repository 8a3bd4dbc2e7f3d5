package org.calypsohsm.features;

import java.util.List;
import java.util.Set;

import org.calypsohsm.feature.FeatureException;

/** What the manager does with the framework and its services. */
interface FeatureRuntime {

    /**
     * How far a feature has come up.
     *
     * @param missing what it waits for, as a sentence; null if it is up
     * @param failed  true if waiting is of no use
     */
    record Look(String missing, boolean failed) {

        static final Look UP = new Look(null, false);

        boolean isUp() {
            return missing == null;
        }
    }

    /**
     * Installs the bundles of a feature, applies its configurations, and starts it.
     *
     * @param feature  the feature
     * @param jars     its jars, checked
     * @param replaced the feature whose configurations it may take over; null if there is none
     * @throws FeatureException NOT_READY or BAD_FEATURE; nothing is left of it then
     */
    void install(FeatureFile feature, List<Jar> jars, FeatureFile replaced) throws FeatureException;

    /** Stops a feature, takes its configurations back, and uninstalls the bundles that no other feature has. Never fails. */
    void remove(FeatureFile feature);

    /** Removes what an earlier manager installed, and this one has not. */
    void removeOthers();

    /** @return whether all that the feature brings is there */
    Look look(FeatureFile feature);

    /** @return names of the modules that the feature runs, also if another version of it has them too */
    Set<String> running(FeatureFile feature);

    /** @return names of the modules that go with the feature */
    Set<String> going(FeatureFile feature);

    /** @return how many services there are for modules of a name: two while one takes the place of the other */
    int services(String module);

    /** @return ALG codes of all plugins of the feature, also if it shares their bundles */
    Set<Integer> served(FeatureFile feature);

    /** @return ALG codes of the plugins that go with the feature */
    Set<Integer> algs(FeatureFile feature);

    /** @return ALG codes of all plugins that do not go with the feature */
    Set<Integer> algsWithout(FeatureFile feature);

    /**
     * Has the plugins of a feature test themselves.
     *
     * @throws FeatureException SELF_TEST; it names plugin and ALG code
     */
    void testPlugins(FeatureFile feature) throws FeatureException;
}
