package org.calypsohsm.keystore.admin;

import java.util.Arrays;
import java.util.HexFormat;

import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * Check value of a key or component: the first 3 bytes of AES-CMAC of 16 zero bytes under it, in the manner of
 * ANSI X9.24-1:2017. It is the same for every ALG code, since it tells values apart and says nothing else.
 */
final class CheckValue {

    private static final int BLOCK = 16;
    private static final int LENGTH = 3;

    private CheckValue() {
    }

    /**
     * Computes a check value.
     *
     * @param value 16 bytes
     * @return 6 hexadecimal digits
     */
    static String of(byte[] value) {
        CMac mac = new CMac(AESEngine.newInstance());
        KeyParameter key = new KeyParameter(value);
        mac.init(key);
        Arrays.fill(key.getKey(), (byte) 0);
        mac.update(new byte[BLOCK], 0, BLOCK);
        byte[] result = new byte[BLOCK];
        mac.doFinal(result, 0);
        return HexFormat.of().withUpperCase().formatHex(result, 0, LENGTH);
    }
}
