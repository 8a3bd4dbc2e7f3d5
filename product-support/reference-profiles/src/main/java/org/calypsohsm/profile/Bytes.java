package org.calypsohsm.profile;

import java.util.Objects;

import org.bouncycastle.util.Arrays;
import org.bouncycastle.util.Pack;

/** Byte work that all profiles share. */
final class Bytes {

    private static final int MAX_ELEMENT = 255;

    private Bytes() {
    }

    static long toLong(byte[] source, int offset) {
        return Pack.bigEndianToLong(source, offset);
    }

    static void fromLong(long value, byte[] target, int offset) {
        Pack.longToBigEndian(value, target, offset);
    }

    /** Xors the first {@code length} bytes of {@code mask} into {@code target}. */
    static void xor(byte[] target, byte[] mask, int length) {
        for (int i = 0; i < length; i++) {
            target[i] ^= mask[i];
        }
    }

    /** Refuses a value of another length. */
    static void requireLength(String what, byte[] value, int length) {
        if (value.length != length) {
            throw new IllegalArgumentException("The " + what + " has " + length + " bytes, not " + value.length + ".");
        }
    }

    /** Refuses a range that is outside the array, or longer than the one length byte of a digest element can tell. */
    static void requireElement(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        if (length > MAX_ELEMENT) {
            throw new IllegalArgumentException("A digest element has at most 255 bytes, not " + length + ".");
        }
    }

    /** Compares a range with part of the expected value in constant time; a range of another length is never equal. */
    static boolean same(byte[] actual, int offset, int length, byte[] expected, int expectedOffset, int expectedLength) {
        Objects.checkFromIndexSize(offset, length, actual.length);
        return length == expectedLength
                && Arrays.constantTimeAreEqual(length, actual, offset, expected, expectedOffset);
    }
}
