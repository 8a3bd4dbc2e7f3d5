package org.calypsohsm.itest.platform;

import java.io.File;
import java.nio.file.Path;

/** The bundles that are staged beside the distribution. Works outside of the container. */
final class Repository {

    private Repository() {
    }

    static Path jar(String bundle) {
        File[] found = new File(System.getProperty("itest.repo")).listFiles((folder, file) -> file.startsWith(bundle + "-"));
        if (found == null || found.length != 1) {
            throw new IllegalStateException("There is not one jar of " + bundle + " in the repository.");
        }
        return found[0].toPath();
    }
}
