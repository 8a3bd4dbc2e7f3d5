package org.calypsohsm.feature;

import java.util.List;
import java.util.Objects;

/**
 * What is known of one version of a feature.
 *
 * @param id             identifier in the style of Maven, as in {@code "org.calypsohsm.feature:pci-s3:1.1.0"}
 * @param name           short name: the last part of its artifact, as in {@code "pci-s3"}
 * @param version        its version
 * @param kind           what it brings
 * @param installed      true if it is installed
 * @param available      true if it is in the repository
 * @param bundles        identifiers of its bundles in the style of Maven, in the order in which they are installed
 * @param configurations PIDs of its configurations
 * @param trust          who signed its bundles, or why they are refused, in one sentence
 * @param modules        names of the security modules that it runs now
 * @param algs           ALG codes that it serves now, each 0..FF; also those for which another plugin has the higher ranking
 */
public record FeatureInfo(String id, String name, String version, FeatureKind kind, boolean installed, boolean available,
        List<String> bundles, List<String> configurations, String trust, List<String> modules, List<Integer> algs) {

    /** Checks that every part is there, and keeps copies of the lists. */
    public FeatureInfo {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(trust, "trust");
        bundles = List.copyOf(bundles);
        configurations = List.copyOf(configurations);
        modules = List.copyOf(modules);
        algs = List.copyOf(algs);
    }
}
