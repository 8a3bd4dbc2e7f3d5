package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.macs.CMac;

/**
 * The AES-CMAC of {@code M || x} at several points of one growing stream M, in constant memory. The CMac of Bouncy
 * Castle ends when it gives its result, so whole blocks are chained here, and each result is the CMac of what is left:
 * xored into a whole block, the chaining value has the effect of all the blocks before it.
 */
final class CmacStream {

    private static final int BLOCK = 16;

    private final KeyedCipher aes;
    private final CMac cmac;
    private final byte[] chain = new byte[BLOCK];
    /** The last whole block stays here with the bytes behind it, so that there is one to xor the chaining value into. */
    private final byte[] held = new byte[2 * BLOCK];
    private int count;

    CmacStream(byte[] key) {
        aes = ReferenceProfile.AES_CMAC.cipher(key);
        cmac = new CMac(aes);
        cmac.init(KeyedCipher.KEY_IS_SET);
    }

    void update(byte value) {
        if (count == held.length) {
            chainOlderBlock();
        }
        held[count++] = value;
    }

    void update(byte[] data, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (count == held.length) {
                chainOlderBlock();
            }
            int taken = Math.min(held.length - count, left);
            System.arraycopy(data, from, held, count, taken);
            count += taken;
            from += taken;
            left -= taken;
        }
    }

    private void chainOlderBlock() {
        Bytes.xor(chain, held, BLOCK);
        aes.processBlock(chain, 0, chain, 0);
        System.arraycopy(held, BLOCK, held, 0, BLOCK);
        count = BLOCK;
    }

    /** Gives the CMAC, 16 bytes, of the stream so far and one more byte, which does not become part of the stream. */
    byte[] mac(byte last) {
        byte[] out = new byte[BLOCK];
        if (count < BLOCK) {
            cmac.update(held, 0, count);
        } else {
            System.arraycopy(chain, 0, out, 0, BLOCK);
            Bytes.xor(out, held, BLOCK);
            cmac.update(out, 0, BLOCK);
            cmac.update(held, BLOCK, count - BLOCK);
        }
        cmac.update(last);
        cmac.doFinal(out, 0);
        return out;
    }

    void destroy() {
        Arrays.fill(chain, (byte) 0);
        Arrays.fill(held, (byte) 0);
    }
}
