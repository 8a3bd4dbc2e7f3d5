package org.calypsohsm.feature;

import java.util.concurrent.CompletionStage;

import org.osgi.annotation.versioning.ProviderType;

/** A change in progress. Safe for many threads. */
@ProviderType
public interface FeatureOperation {

    /** @return the change */
    FeatureChange change();

    /** @return what is being done, as in {@code "draining module main"} */
    String step();

    /** @return how many channels still have to leave the modules that go */
    int channelsLeft();

    /**
     * Asks to give up: what has come goes again, and what was drained takes channels again.
     *
     * @return false if it is too late, since what goes is going already, or all is over
     */
    boolean cancel();

    /** @return completes when all is over: with the outcome, or with a {@link FeatureException} when what was before is back */
    CompletionStage<FeatureOutcome> outcome();
}
