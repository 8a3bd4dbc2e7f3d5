package org.calypsohsm.feature;

/** What a feature brings. */
public enum FeatureKind {
    /** Security modules. */
    PROVIDER,
    /** Security plugins of card products. */
    PRODUCT,
    /**
     * What serves clients or persons from outside, as a gateway does.
     *
     * @since 1.1
     */
    SERVICE,
    /** Neither. */
    OTHER
}
