package org.calypsohsm.features;

import java.nio.file.Path;
import java.util.Locale;

import org.calypsohsm.feature.FeatureChange;

/**
 * A change with the features that it means.
 *
 * @param change the change
 * @param from   what goes; null if nothing does
 * @param to     what comes; null if nothing does
 * @param stays  true if what comes is installed already, and stays in any case
 * @param file   the file of what comes; null if nothing comes, or if it stays
 * @param found  true if the file is there already, since somebody put it there; it may have changed again meanwhile
 */
record Plan(FeatureChange change, Installed from, FeatureFile to, boolean stays, Path file, boolean found) {

    FeatureFile goes() {
        return from == null ? null : from.feature();
    }

    /** @return what the audit log calls it */
    String act() {
        return "feature." + change.act().name().toLowerCase(Locale.ROOT);
    }

    /** @return identifiers of the features */
    String subject() {
        return from == null ? to.id() : to == null ? goes().id() : goes().id() + " -> " + to.id();
    }
}
