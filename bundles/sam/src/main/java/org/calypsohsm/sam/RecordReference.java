package org.calypsohsm.sam;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SystemKeyType;

/** The references of files and records, as P2 names them. Source: sam-s1-apdu.md section 4.2. */
final class RecordReference {

    static final int SINGLE_COUNTER = 0x80;
    static final int PARAMETERS = 0xA0;
    static final int FIRST_CEILINGS = 0xB1;
    static final int LAST_CEILINGS = 0xB3;
    static final int SINGLE_CEILING = 0xB8;
    static final int SYSTEM_BY_KIF = 0xC0;
    static final int LOCK = 0xE0;
    static final int FIRST_COUNTERS = 0xE1;
    static final int LAST_COUNTERS = 0xE3;
    static final int WORK_BY_KIF_KVC = 0xF0;
    static final int FIRST_WITH_KIF = 0xF8;
    static final int NEXT_WITH_KIF = 0xFA;

    private static final int FIRST_CAAD = 0xE8;
    private static final int LAST_CAAD = 0xEE;

    private RecordReference() {
    }

    static boolean isWorkRecord(int reference) {
        return reference >= 1 && reference <= KeyGroup.LAST_WORK_KEY_RECORD;
    }

    /** Where Write Key writes: C0, E0, F0, 01..7E. */
    static boolean isKeyTarget(int reference) {
        return reference == SYSTEM_BY_KIF || reference == LOCK || isWorkTarget(reference);
    }

    static boolean isWorkTarget(int reference) {
        return reference == WORK_BY_KIF_KVC || isWorkRecord(reference);
    }

    static boolean isCeilings(int reference) {
        return reference >= FIRST_CEILINGS && reference <= LAST_CEILINGS || reference == SINGLE_CEILING;
    }

    /** What SAM Data Cipher seals: parameters, ceilings, CAAD records. */
    static boolean isData(int reference) {
        return reference == PARAMETERS || isCeilings(reference) || reference >= FIRST_CAAD && reference <= LAST_CAAD;
    }

    /** Tells which system key protects the writing of a record (sections 4.2, 5.20 to 5.23). */
    static SystemKeyType protecting(int reference) {
        if (isWorkTarget(reference)) {
            return SystemKeyType.KEY_MANAGEMENT;
        }
        return isCeilings(reference) ? SystemKeyType.RELOADING : SystemKeyType.PERSONALIZATION;
    }
}
