package org.calypsohsm.feature;

import java.time.Duration;
import java.util.Objects;

/**
 * What came of a change that was carried out.
 *
 * @param sentence what was done, in one sentence
 * @param moved    channels that went on at other modules
 * @param lost     sessions that were still in progress when the drain timeout was over
 * @param took     how long it took
 */
public record FeatureOutcome(String sentence, int moved, int lost, Duration took) {

    /** Checks that the parts are there. */
    public FeatureOutcome {
        Objects.requireNonNull(sentence, "sentence");
        Objects.requireNonNull(took, "took");
    }
}
