package org.calypsohsm.feature;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What a change means for those who use the platform now.
 *
 * @param from     identifier of the feature that goes; null if none does
 * @param to       identifier of the feature that comes; null if none does
 * @param modules  the modules that are drained, in the order of their names
 * @param warnings what will be missing afterwards, or needs attention, one sentence each; empty if nothing does
 */
public record FeatureImpact(String from, String to, List<Module> modules, List<String> warnings) {

    /**
     * A module that is drained.
     *
     * @param name           its name
     * @param channels       how many channels are open on it
     * @param sessions       on how many of them a session is in progress: the others move at once
     * @param longestSession how long the longest of these sessions has been running; zero if there is none
     */
    public record Module(String name, int channels, int sessions, Duration longestSession) {

        /** Checks that the parts are there. */
        public Module {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(longestSession, "longestSession");
        }
    }

    /** Keeps copies of the lists. */
    public FeatureImpact {
        modules = List.copyOf(modules);
        warnings = List.copyOf(warnings);
    }

    /** @return how many channels have to leave their modules */
    public int channels() {
        return modules.stream().mapToInt(Module::channels).sum();
    }
}
