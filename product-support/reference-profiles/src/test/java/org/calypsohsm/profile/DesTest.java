package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThat;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.engines.DESedeEngine;
import org.bouncycastle.crypto.params.KeyParameter;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** The quicker key schedules give the ciphers of Bouncy Castle, for encryption and decryption. */
class DesTest {

    @Property(tries = 2000)
    void desIsThatOfBouncyCastle(@ForAll @Size(8) byte[] key, @ForAll @Size(8) byte[] block, @ForAll boolean encrypting) {
        assertThat(process(Des.single(), encrypting, key, block)).isEqualTo(process(new DESEngine(), encrypting, key, block));
    }

    @Property(tries = 2000)
    void tripleDesIsThatOfBouncyCastle(@ForAll @Size(16) byte[] key, @ForAll @Size(8) byte[] block,
            @ForAll boolean encrypting) {
        assertThat(process(Des.triple(), encrypting, key, block))
                .isEqualTo(process(new DESedeEngine(), encrypting, key, block));
    }

    /** Each key bit alone, so that none is forgotten whatever the random keys were. */
    @Example
    void everyKeyBitCounts() {
        byte[] block = new byte[8];
        for (int bit = 0; bit < 64; bit++) {
            byte[] key = new byte[8];
            key[bit / 8] = (byte) (0x80 >> bit % 8);
            assertThat(process(Des.single(), true, key, block)).isEqualTo(process(new DESEngine(), true, key, block));
            assertThat(process(Des.single(), false, key, block)).isEqualTo(process(new DESEngine(), false, key, block));
        }
    }

    private static byte[] process(BlockCipher cipher, boolean encrypting, byte[] key, byte[] block) {
        byte[] out = new byte[8];
        cipher.init(encrypting, new KeyParameter(key));
        cipher.processBlock(block, 0, out, 0);
        return out;
    }
}
