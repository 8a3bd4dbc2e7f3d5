package org.calypsohsm.profile;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * DESX with one whitening key: {@code kR xor DES(kL, x xor kR)}. Key 16 bytes {@code kL || kR}, block 8 bytes.
 * Source: security-profiles.md, "Notation".
 */
final class DesxEngine implements BlockCipher {

    private static final int BLOCK = 8;

    private final DESEngine des = new DESEngine();
    private long whitening;

    @Override
    public void init(boolean encrypting, CipherParameters parameters) {
        byte[] key = ((KeyParameter) parameters).getKey();
        des.init(encrypting, new KeyParameter(key, 0, BLOCK));
        whitening = Bytes.toLong(key, BLOCK);
    }

    @Override
    public String getAlgorithmName() {
        return "DESX";
    }

    @Override
    public int getBlockSize() {
        return BLOCK;
    }

    @Override
    public int processBlock(byte[] in, int inOffset, byte[] out, int outOffset) {
        Bytes.fromLong(Bytes.toLong(in, inOffset) ^ whitening, out, outOffset);
        des.processBlock(out, outOffset, out, outOffset);
        Bytes.fromLong(Bytes.toLong(out, outOffset) ^ whitening, out, outOffset);
        return BLOCK;
    }

    @Override
    public void reset() {
        // A block cipher keeps nothing from block to block.
    }
}
