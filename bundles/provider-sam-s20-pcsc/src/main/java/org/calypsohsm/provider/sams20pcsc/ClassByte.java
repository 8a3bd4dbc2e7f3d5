package org.calypsohsm.provider.sams20pcsc;

/**
 * Puts the number of a logical channel into the class byte of a SAM-S1. Class 00 as in ISO/IEC 7816-4 section 5.4.1: channels 0
 * to 3 in the first form, 4 to 19 in the further one. Classes 80 and 94 have the same bits below b8, as Java Card and
 * GlobalPlatform use them for proprietary classes; for a SAM this is a choice of this project (docs/adr/0021).
 */
final class ClassByte {

    private static final int FIRST_FURTHER = 4;
    private static final int FURTHER = 0x40;
    private static final int FIRST_SECURE = 0x04;
    private static final int FURTHER_SECURE = 0x20;

    private ClassByte() {
    }

    /** Tells whether a SAM-S1 can have a class; the others are answered 6E00 without asking the card. */
    static boolean isOfSam(int cla) {
        return cla == 0x00 || cla == 0x80 || cla == 0x94;
    }

    /**
     * Says a class for a channel.
     *
     * @param cla     00, 80 or 94
     * @param channel 0 to 19
     * @return the class byte that goes to the card
     */
    static int onChannel(int cla, int channel) {
        if (channel < FIRST_FURTHER) {
            return cla | channel;
        }
        // What the first form says of secure messaging in bits 4 and 3 the further form says in bit 6.
        boolean secure = (cla & FIRST_SECURE) != 0;
        return cla & ~FIRST_SECURE | FURTHER | (secure ? FURTHER_SECURE : 0) | channel - FIRST_FURTHER;
    }
}
