package org.calypsohsm.keystore;

/** Something that changed and has to get to the disk. */
interface Change {

    /** Puts what changed into the store, and removes what is gone; called by the thread that commits. */
    void writeTo(SealedStore store);
}
