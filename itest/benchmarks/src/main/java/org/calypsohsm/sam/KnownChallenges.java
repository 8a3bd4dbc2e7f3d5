package org.calypsohsm.sam;

import java.util.concurrent.ThreadLocalRandom;

import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.product.SecurityPlugin;

/**
 * Makes the service of virtual SAM-S1 for measurements: its challenges cost what real ones cost, and are then replaced by one
 * of 256 known ones, so that the card's certificate can be computed beforehand. In this package to reach the seam.
 */
public final class KnownChallenges {

    private static final byte[] REST = {0x5A, 0x33, (byte) 0xC7};

    private final SamEmulator emulator;

    /** Makes the service, without a security plugin. */
    public KnownChallenges() {
        DrbgPool pool = new DrbgPool();
        emulator = new SamEmulator(0, length -> {
            byte[] challenge = pool.next(length);
            byte[] known = challenge((byte) ThreadLocalRandom.current().nextInt());
            System.arraycopy(known, 0, challenge, 0, known.length);
            return challenge;
        });
    }

    /**
     * Tells a known challenge.
     *
     * @param first its first byte
     * @return 4 bytes
     */
    public static byte[] challenge(byte first) {
        return new byte[] {first, REST[0], REST[1], REST[2]};
    }

    /**
     * Adds a security plugin.
     *
     * @param plugin the plugin
     * @param algs   ALG codes that it serves
     */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public void add(SecurityPlugin plugin, int... algs) {
        emulator.plugins().add(plugin, plugin.getClass().getSimpleName(), (Comparable) Integer.valueOf(0), algs);
    }

    /** @return the service */
    public SamEmulation emulation() {
        return emulator;
    }
}
