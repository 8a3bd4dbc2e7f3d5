package org.calypsohsm.profile;

import org.bouncycastle.crypto.Mac;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.macs.CBCBlockCipherMac;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.paddings.BlockCipherPadding;
import org.bouncycastle.crypto.paddings.ISO7816d4Padding;

/** The MAC function of a profile under one key. Threads may share it; the MACs that it starts they may not. */
final class MacKey {

    static final int DES_MAC_BITS = 64;
    /** Keeps nothing from call to call, so that all MACs share it. */
    static final BlockCipherPadding PADDING = new ISO7816d4Padding();

    private static final int HALF = 8;

    private final ReferenceProfile profile;
    private final KeyedCipher cipher;
    private final KeyedCipher rightDecrypting;

    private MacKey(ReferenceProfile profile, KeyedCipher cipher, KeyedCipher rightDecrypting) {
        this.profile = profile;
        this.cipher = cipher;
        this.rightDecrypting = rightDecrypting;
    }

    /** For a key of 16 bytes; not kept. */
    static MacKey of(ReferenceProfile profile, byte[] key) {
        if (profile == ReferenceProfile.TDES_RETAIL) {
            return new MacKey(profile, new KeyedCipher(new DESEngine(), key, 0, HALF),
                    new KeyedCipher(new DESEngine(), false, key, HALF, HALF));
        }
        return new MacKey(profile, profile.cipher(key), null);
    }

    /** For a profile whose MAC has the same cipher as its blocks: all but the retail MAC. */
    static MacKey of(ReferenceProfile profile, KeyedCipher cipher) {
        return new MacKey(profile, cipher, null);
    }

    /** Starts a MAC, for one thread: 8 bytes with DES ciphers, 16 with AES. */
    Mac start() {
        Mac mac = switch (profile) {
            case DESX_CBC, TDES_CBC -> new CBCBlockCipherMac(cipher, DES_MAC_BITS, PADDING);
            case TDES_RETAIL -> new RetailMac(cipher, rightDecrypting);
            case AES_CMAC -> new CMac(cipher);
        };
        mac.init(KeyedCipher.KEY_IS_SET);
        return mac;
    }
}
