package org.calypsohsm.module;

import java.util.Objects;

/**
 * What does not change while a module lives.
 *
 * @param name          unique name, chosen by the deployer
 * @param kind          kind of module for a person, as in {@code "PCI-S3"}
 * @param serialNumber  4 bytes, as one number
 * @param version       version of the module, 0..FF
 * @param channelsTotal how many channels it has; {@link Integer#MAX_VALUE} for a test module without limit
 * @param emulated      true if the module is an emulation in software, not a certified device
 */
public record ModuleInfo(String name, String kind, int serialNumber, int version, int channelsTotal, boolean emulated) {

    /** Checks the ranges. */
    public ModuleInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        if (version < 0 || version > 0xFF) {
            throw new IllegalArgumentException("The version of module " + name + " is one byte, not " + version + ".");
        }
        if (channelsTotal < 1) {
            throw new IllegalArgumentException("Module " + name + " has at least one channel, not " + channelsTotal + ".");
        }
    }
}
