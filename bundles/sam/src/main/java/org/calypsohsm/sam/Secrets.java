package org.calypsohsm.sam;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Overwrites what security plugins handed out. */
final class Secrets {

    private static final Logger LOG = LoggerFactory.getLogger(Secrets.class);

    private Secrets() {
    }

    /** Never throws: a plugin that fails here must neither keep the next secret alive nor turn a good answer into a fault. */
    static void destroy(Runnable secret) {
        try {
            secret.run();
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            LOG.warn("A security plugin failed to overwrite its secrets.", e);
        }
    }
}
