package org.calypsohsm.benchmark;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.engines.DESedeEngine;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The Bouncy Castle block operations and key schedules that one session cannot avoid, and nothing else: no framing, no MAC
 * object, no copying. It shares no code with the platform. Counts follow security-profiles.md for a diversifier of 8 bytes.
 * The challenge differs from session to session, as it does in use: a key schedule of DES takes several times as long for a
 * key that the processor has not met before.
 */
final class RawOperations {

    private static final int DES_BLOCK = 8;
    private static final int AES_BLOCK = 16;

    private RawOperations() {
    }

    /** Diversify: 2 operations. Session: the start value, then one operation a block. */
    static int desx(byte[] key, byte challenge, byte[] message) {
        byte[] block = new byte[DES_BLOCK];
        byte[] diversified = diversify(keyed(new DESEngine(), key, DES_BLOCK), block, key.length);
        BlockCipher cipher = keyed(new DESEngine(), diversified, DES_BLOCK);
        block[0] = challenge;
        // What whitening adds is two exclusive-ors a block, part of the cipher itself.
        cipher.processBlock(block, 0, block, 0);
        return chain(cipher, block, message, blocks(message, DES_BLOCK));
    }

    /** Diversify: 2 operations. Session key: 2. MAC: single DES a block, then two more for the last. */
    static int retail(byte[] key, byte challenge, byte[] message) {
        byte[] block = new byte[DES_BLOCK];
        byte[] diversified = diversify(keyed(new DESedeEngine(), key, key.length), block, key.length);
        block[0] = challenge;
        byte[] sessionKey = diversify(keyed(new DESedeEngine(), diversified, key.length), block, key.length);
        BlockCipher left = keyed(new DESEngine(), sessionKey, DES_BLOCK);
        int result = chain(left, block, message, blocks(message, DES_BLOCK));
        DESEngine right = new DESEngine();
        right.init(false, new KeyParameter(sessionKey, DES_BLOCK, DES_BLOCK));
        right.processBlock(block, 0, block, 0);
        left.processBlock(block, 0, block, 0);
        return result ^ block[0];
    }

    /** Diversify: 2 operations. Session key: 2. MAC: triple DES a block. */
    static int tripleDes(byte[] key, byte challenge, byte[] message) {
        byte[] block = new byte[DES_BLOCK];
        byte[] diversified = diversify(keyed(new DESedeEngine(), key, key.length), block, key.length);
        block[0] = challenge;
        byte[] sessionKey = diversify(keyed(new DESedeEngine(), diversified, key.length), block, key.length);
        return chain(keyed(new DESedeEngine(), sessionKey, key.length), block, message, blocks(message, DES_BLOCK));
    }

    /** Each CMAC: one operation for its subkeys, one a block. Diversify and session key: one block each. Two certificates. */
    static int aes(byte[] key, byte challenge, byte[] message) {
        byte[] block = new byte[AES_BLOCK];
        BlockCipher cipher = keyed(AESEngine.newInstance(), key, key.length);
        for (int derivation = 0; derivation < 2; derivation++) {
            cipher.processBlock(block, 0, block, 0);
            cipher.processBlock(block, 0, block, 0);
            block[0] ^= challenge;
            cipher = keyed(AESEngine.newInstance(), block.clone(), AES_BLOCK);
        }
        cipher.processBlock(new byte[AES_BLOCK], 0, block, 0);
        // The certificates differ in the last byte, so the blocks before the last are shared.
        int all = (message.length + 1 + AES_BLOCK - 1) / AES_BLOCK;
        chain(cipher, block, message, all - 1);
        byte[] card = block.clone();
        cipher.processBlock(block, 0, block, 0);
        cipher.processBlock(card, 0, card, 0);
        return block[0] ^ card[0];
    }

    private static BlockCipher keyed(BlockCipher cipher, byte[] key, int length) {
        cipher.init(true, new KeyParameter(key, 0, length));
        return cipher;
    }

    private static byte[] diversify(BlockCipher cipher, byte[] block, int length) {
        byte[] diversified = new byte[length];
        cipher.processBlock(block, 0, diversified, 0);
        cipher.processBlock(diversified, 0, diversified, DES_BLOCK);
        return diversified;
    }

    private static int blocks(byte[] message, int size) {
        return message.length / size + 1;
    }

    private static int chain(BlockCipher cipher, byte[] block, byte[] message, int blocks) {
        int size = block.length;
        for (int i = 0; i < blocks; i++) {
            int from = i * size;
            int length = Math.min(size, message.length - from);
            for (int j = 0; j < length; j++) {
                block[j] ^= message[from + j];
            }
            cipher.processBlock(block, 0, block, 0);
        }
        return block[0];
    }
}
