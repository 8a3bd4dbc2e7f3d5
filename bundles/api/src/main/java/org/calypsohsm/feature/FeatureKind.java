package org.calypsohsm.feature;

/** What a feature brings. */
public enum FeatureKind {
    /** Security modules. */
    PROVIDER,
    /** Security plugins of card products. */
    PRODUCT,
    /** Neither. */
    OTHER
}
