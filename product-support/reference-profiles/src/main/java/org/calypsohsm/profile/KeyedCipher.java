package org.calypsohsm.profile;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * A block cipher for encryption whose key is set once. The key schedule costs as much as several blocks, so the modes
 * and MACs of Bouncy Castle, which initialise the cipher they get, must not make it again.
 *
 * <p>Threads may share it: the engines of Bouncy Castle only read their key schedule when they process a block.
 */
final class KeyedCipher implements BlockCipher {

    /** For the {@code init} of modes and MACs over a keyed cipher: the key is set already. */
    static final KeyParameter KEY_IS_SET = new KeyParameter(new byte[0]);

    private final BlockCipher engine;

    KeyedCipher(BlockCipher engine, byte[] key, int offset, int length) {
        this(engine, true, key, offset, length);
    }

    /** For the one decryption inside an encryption: the middle step of the retail MAC. */
    KeyedCipher(BlockCipher engine, boolean encrypting, byte[] key, int offset, int length) {
        this.engine = engine;
        engine.init(encrypting, new KeyParameter(key, offset, length));
    }

    @Override
    public void init(boolean encrypting, CipherParameters parameters) {
        if (parameters != KEY_IS_SET) {
            throw new IllegalArgumentException("This cipher has its key already.");
        }
    }

    @Override
    public String getAlgorithmName() {
        return engine.getAlgorithmName();
    }

    @Override
    public int getBlockSize() {
        return engine.getBlockSize();
    }

    @Override
    public int processBlock(byte[] in, int inOffset, byte[] out, int outOffset) {
        return engine.processBlock(in, inOffset, out, outOffset);
    }

    @Override
    public void reset() {
        // A block cipher keeps nothing from block to block.
    }
}
