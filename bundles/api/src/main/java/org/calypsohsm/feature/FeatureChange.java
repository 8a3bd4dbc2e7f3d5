package org.calypsohsm.feature;

import java.time.Duration;
import java.util.Objects;

/**
 * A change of what is installed. Features are named by their short names, or by their identifiers with or without version.
 *
 * @param act          what is to be done
 * @param from         the feature that goes; null for an installation
 * @param to           the feature that comes; null for a removal, and for an update, which looks for it
 * @param drainTimeout how long sessions in progress may go on at the modules that go
 */
public record FeatureChange(Act act, String from, String to, Duration drainTimeout) {

    /** How long sessions may go on unless something else is asked for: 30 s. */
    public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(30);

    /** What can be done. */
    public enum Act {
        /** A feature comes. */
        INSTALL,
        /** A feature comes in the place of another. */
        SWAP,
        /** A feature goes. */
        UNINSTALL,
        /** The newest version of a feature comes in the place of the one installed. */
        UPDATE
    }

    /** Checks that the features that the act needs are named, and no others. */
    public FeatureChange {
        Objects.requireNonNull(act, "act");
        Objects.requireNonNull(drainTimeout, "drainTimeout");
        if ((from == null) != (act == Act.INSTALL) || (to == null) != (act == Act.UNINSTALL || act == Act.UPDATE)) {
            throw new IllegalArgumentException("The act " + act + " is not for a feature that goes, " + from
                    + ", and one that comes, " + to + "; use the methods that are named like the acts.");
        }
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("The drain timeout is not negative: " + drainTimeout + ".");
        }
    }

    /**
     * Asks for an installation.
     *
     * @param name the feature; without version the newest in the repository
     * @return the change
     */
    public static FeatureChange install(String name) {
        return new FeatureChange(Act.INSTALL, null, name, DEFAULT_DRAIN_TIMEOUT);
    }

    /**
     * Asks for an exchange.
     *
     * @param from the feature that goes
     * @param to   the feature that comes; it may be installed already
     * @return the change
     */
    public static FeatureChange swap(String from, String to) {
        return new FeatureChange(Act.SWAP, from, to, DEFAULT_DRAIN_TIMEOUT);
    }

    /**
     * Asks for a removal.
     *
     * @param name the feature
     * @return the change
     */
    public static FeatureChange uninstall(String name) {
        return new FeatureChange(Act.UNINSTALL, name, null, DEFAULT_DRAIN_TIMEOUT);
    }

    /**
     * Asks for the newest version of an installed feature.
     *
     * @param name the feature
     * @return the change
     */
    public static FeatureChange update(String name) {
        return new FeatureChange(Act.UPDATE, name, null, DEFAULT_DRAIN_TIMEOUT);
    }

    /**
     * Changes the drain timeout.
     *
     * @param timeout how long sessions in progress may go on
     * @return a new change
     */
    public FeatureChange withDrainTimeout(Duration timeout) {
        return new FeatureChange(act, from, to, timeout);
    }

    /** Tells the change in words, as in {@code "swap of pci-s3 for sam-s20"}. */
    @Override
    public String toString() {
        return switch (act) {
            case INSTALL -> "install of " + to;
            case SWAP -> "swap of " + from + " for " + to;
            case UNINSTALL -> "uninstall of " + from;
            case UPDATE -> "update of " + from;
        };
    }
}
