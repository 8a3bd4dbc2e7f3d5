package org.calypsohsm.keystore;

/** Something that changed and has to get to the disk. */
public interface Change {

    /**
     * Puts what changed into the store, and removes what is gone; called by the thread that commits. It must not fail for a
     * reason of its own: the store takes nothing more then.
     *
     * @param store takes all of it with one write, or nothing
     */
    void writeTo(SealedStore store);
}
