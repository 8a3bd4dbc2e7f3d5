package org.calypsohsm.card;

import java.util.Arrays;
import java.util.List;

/**
 * The description of the MF or a DF: an application with its three keys. Shared by all cards.
 *
 * @param lid      file identifier
 * @param name     DF name (AID); empty if it can't be selected by name
 * @param firstKey where its issuer key lies in {@link CardKeys}; load and debit key follow
 * @param status   where the DF status lies in a {@link FileImage}
 * @param files    its elementary files
 */
record Directory(int lid, byte[] name, int firstKey, int status, List<ElementaryFile> files) {

    static final int MF = 0x3F00;

    /** Access conditions that the FCP of a DF shows, in its order. Source: calypso-card.md section f, row "DF". */
    static final Access REHABILITATE = Access.ISSUER;
    static final Access INVALIDATE = Access.DEBIT;

    boolean isMf() {
        return lid == MF;
    }

    /** @return the file, or null */
    ElementaryFile bySfi(int sfi) {
        for (ElementaryFile file : files) {
            if (file.sfi == sfi) {
                return file;
            }
        }
        return null;
    }

    /** @return the file, or null */
    ElementaryFile byLid(int fileLid) {
        for (ElementaryFile file : files) {
            if (file.lid == fileLid) {
                return file;
            }
        }
        return null;
    }

    /** @return true if the DF name begins with this full or partial AID */
    boolean matches(byte[] apdu, int from, int length) {
        return length <= name.length && Arrays.equals(name, 0, length, apdu, from, from + length);
    }
}
