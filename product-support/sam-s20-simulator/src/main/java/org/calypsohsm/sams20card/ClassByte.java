package org.calypsohsm.sams20card;

/**
 * A class byte as it comes to the card: the class of the SAM, and the number of a logical channel.
 * Source: ISO/IEC 7816-4 section 5.4.1 for class 00; for 80 and 94 the same bits below b8, as Java Card and GlobalPlatform use
 * them for proprietary classes.
 *
 * @param samClass 00, 80 or 94
 * @param channel  0 to 19
 */
record ClassByte(int samClass, int channel) {

    private static final int FIRST_FURTHER = 4;

    /** @return what a class byte says; null if it is none of this card */
    static ClassByte of(int cla) {
        return switch (cla & 0xFC) {
            case 0x00 -> new ClassByte(0x00, cla & 0x03);
            case 0x80 -> new ClassByte(0x80, cla & 0x03);
            case 0x94 -> new ClassByte(0x94, cla & 0x03);
            default -> switch (cla & 0xF0) {
                case 0x40 -> new ClassByte(0x00, FIRST_FURTHER + (cla & 0x0F));
                case 0xC0 -> new ClassByte(0x80, FIRST_FURTHER + (cla & 0x0F));
                case 0xF0 -> new ClassByte(0x94, FIRST_FURTHER + (cla & 0x0F));
                default -> null;
            };
        };
    }
}
