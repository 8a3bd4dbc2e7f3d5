package org.calypsohsm.profile;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.macs.CBCBlockCipherMac;

/**
 * ISO/IEC 9797-1 MAC algorithm 3 with padding method 2, over DES ciphers that have their keys already: the
 * ISO9797Alg3Mac of Bouncy Castle makes three key schedules for each MAC.
 */
final class RetailMac extends CBCBlockCipherMac {

    private final BlockCipher left;
    private final BlockCipher rightDecrypting;

    RetailMac(KeyedCipher left, KeyedCipher rightDecrypting) {
        super(left, MacKey.DES_MAC_BITS, MacKey.PADDING);
        this.left = left;
        this.rightDecrypting = rightDecrypting;
    }

    @Override
    public int doFinal(byte[] out, int offset) {
        int length = super.doFinal(out, offset);
        rightDecrypting.processBlock(out, offset, out, offset);
        left.processBlock(out, offset, out, offset);
        return length;
    }
}
