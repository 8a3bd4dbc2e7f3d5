package org.calypsohsm.features;

import java.nio.file.Path;

/**
 * A feature that is installed.
 *
 * @param feature the feature
 * @param file    its file in the folder
 */
record Installed(FeatureFile feature, Path file) {
}
