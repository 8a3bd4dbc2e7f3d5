package org.calypsohsm.feature;

import java.util.List;
import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that installs, exchanges and removes features while the platform runs. What is installed comes back at the next
 * start. One change is carried out at a time. Safe for many threads.
 */
@ProviderType
public interface FeatureManager {

    /** @return what is installed and what is in the repository, in the order of names and versions; reads files */
    List<FeatureInfo> features();

    /**
     * Tells what a change would mean now. Nothing is changed.
     *
     * @param change the change
     * @return its impact
     * @throws FeatureException UNKNOWN_FEATURE, NOTHING_TO_DO or BAD_FEATURE
     */
    FeatureImpact impact(FeatureChange change) throws FeatureException;

    /**
     * Begins a change, and returns at once. A feature that comes must be up and pass its self tests before one goes; otherwise it
     * goes again, and all is as before.
     *
     * @param change the change
     * @return the change in progress
     * @throws FeatureException as {@link #impact(FeatureChange)}, and BUSY or NOT_RECORDED; nothing is changed then
     */
    FeatureOperation begin(FeatureChange change) throws FeatureException;

    /**
     * Tells when the features that were installed before the platform stopped are back.
     *
     * @return completes when they are, with a sentence for each that could not come back
     */
    CompletionStage<List<String>> restored();
}
