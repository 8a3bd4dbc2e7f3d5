package org.calypsohsm.sam;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;

/** Makes the virtual SAMs of the platform for tests of what is above them. */
public final class Sams {

    private static final int SYSTEM_KEYS = 0x40;

    private record First() implements Comparable<Object> {

        @Override
        public int compareTo(Object other) {
            return 0;
        }
    }

    private final SamEmulator emulator = new SamEmulator(0, length -> {
        byte[] random = new byte[length];
        new java.security.SecureRandom().nextBytes(random);
        return random;
    });

    /** Makes them able to use the system keys of the test keys. */
    public Sams() {
        emulator.plugins().add(new ReferencePlugin(ReferenceProfile.TDES_CBC) { }, "test", new First(), SYSTEM_KEYS);
    }

    /** @return a virtual SAM over a key group */
    public ModuleChannel create(SamForm form, int serialNumber, KeyGroup group) {
        return emulator.create(form, serialNumber, 1, group, ChannelState.AFTER_RESET);
    }
}
