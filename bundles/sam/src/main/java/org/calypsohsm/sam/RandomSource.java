package org.calypsohsm.sam;

/** Where challenges come from. Tests put known answers here. */
interface RandomSource {

    /**
     * Makes random bytes.
     *
     * @param length how many
     * @return a new array
     */
    byte[] next(int length);
}
