package org.calypsohsm.module;

import org.calypsohsm.key.KeyGroup;
import org.osgi.annotation.versioning.ProviderType;

/** The service that makes virtual SAM-S1 in software, for the providers of emulated modules. */
@ProviderType
public interface SamEmulation {

    /**
     * Makes a virtual SAM.
     *
     * @param form         form of SAM
     * @param serialNumber 4 bytes, as one number
     * @param version      software version in the ATR, 0..FF
     * @param keyGroup     the keys it works with
     * @param state        where it starts from; {@link ChannelState#AFTER_RESET} for a new one
     * @return the virtual SAM; closing it forgets its state
     */
    ModuleChannel create(SamForm form, int serialNumber, int version, KeyGroup keyGroup, ChannelState state);

    /**
     * Tests what virtual SAMs compute with: the random generator, and every algorithm of the keys in a group, each with
     * known answers.
     *
     * @param keyGroup the keys
     * @throws IllegalStateException if an answer is not the known one; the message says which, in one sentence
     * @since 1.1
     */
    void selfTest(KeyGroup keyGroup);
}
