package org.calypsohsm.fuzz;

import java.io.ByteArrayOutputStream;

/** Puts bytes together. */
final class Bytes {

    private Bytes() {
    }

    /** @param parts byte arrays, and numbers that stand for one byte each */
    static byte[] of(Object... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object part : parts) {
            if (part instanceof byte[] bytes) {
                out.writeBytes(bytes);
            } else {
                out.write((Integer) part);
            }
        }
        return out.toByteArray();
    }

    /** @return a number in so many bytes, the highest one first */
    static byte[] number(long value, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (value >> 8 * (length - 1 - i));
        }
        return bytes;
    }
}
